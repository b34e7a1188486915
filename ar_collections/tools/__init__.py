from . import calendars, open_items
