from . import dunning_preview, dunning_reset, first_steps, reminder_reason
