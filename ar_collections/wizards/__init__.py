from . import dunning_preview, dunning_reset, reminder_reason
