from . import claim, diagnosis, letter, reminder_letter, statement
from . import provision
from . import deadline, overdue_notice, cover_request
from . import payment_plan
