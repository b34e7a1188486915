from . import claim, diagnosis, letter, reminder_letter, statement
