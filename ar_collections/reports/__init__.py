from . import claim, diagnosis, letter, provision, reminder_letter, statement
