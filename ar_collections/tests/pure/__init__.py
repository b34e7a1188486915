from . import test_calendars, test_forecast, test_kpi, test_scoring
