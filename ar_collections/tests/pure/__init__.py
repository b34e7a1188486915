from . import (
    test_calendars,
    test_interest,
    test_interest_properties,
    test_reference_rates,
    test_scoring,
    test_terms,
)
