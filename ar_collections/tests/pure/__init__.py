from . import test_calendars
