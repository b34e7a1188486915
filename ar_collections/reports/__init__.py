from . import claim, diagnosis, letter, reminder_letter, statement
from . import payment_plan
