from . import claim, diagnosis, letter, reminder_letter, statement
from . import payment_plan
from . import claim, diagnosis, letter, provision, reminder_letter, statement
