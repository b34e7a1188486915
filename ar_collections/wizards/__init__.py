from . import dunning_preview, dunning_reset, first_steps, reminder_reason
from . import credit_answer, risk_class_set
from . import diagnosis, diagnosis_sections, statement
from . import aged_options
from . import forecast_review
