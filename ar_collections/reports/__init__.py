from . import claim, letter, reminder_letter, statement
