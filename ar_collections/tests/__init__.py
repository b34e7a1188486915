# Odoo collects modules named test_* of this package only, not those of a package below it.
from .pure import test_calendars
from . import (
    test_core_refresh,
    test_dunning_engine,
    test_dunning_fields,
    test_dunning_letters,
    test_dunning_mail,
    test_dunning_policy,
    test_dunning_sending,
    test_dunning_states,
    test_neutralize,
    test_scale,
    test_security,
    test_tour,
)
