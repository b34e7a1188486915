from . import letter, diagnosis, reminder_letter, statement
