from . import (
    test_calendars,
    test_connector_allianz_trade,
    test_connector_atradius,
    test_connector_base,
    test_connector_coface,
    test_connector_open_data,
    test_connector_ratings,
    test_connector_safety,
    test_scoring,
)
