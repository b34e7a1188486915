from . import dunning_preview, dunning_reset, first_steps, reminder_reason
from . import credit_answer, credit_limit_change, risk_class_set
from . import dispute_settle
from . import company_search
from . import rate_import
from . import diagnosis, diagnosis_sections, statement
from . import aged_options
from . import forecast_review
from . import deadline_done
from . import provider_credentials
from . import cover_entry
from . import collector_preview
from . import payment_plan_paper
from . import portal_link_new
from . import portal_act_refuse
from . import legal_step_note
from . import legal_step_law
from . import dunning_preview_law
from . import statement_law
