from . import letter, reminder_letter, statement
