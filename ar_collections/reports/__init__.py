from . import claim, diagnosis, letter, reminder_letter, statement
from . import deadline, overdue_notice
from . import claim, diagnosis, letter, provision, reminder_letter, statement
