from . import test_calendars, test_kpi, test_scoring
