# Odoo collects modules named test_* of this package only, not those of a package below it.
from .pure import test_calendars, test_scoring
from . import (
    test_core_refresh,
    test_credit_block,
    test_credit_exposure,
    test_credit_jobs,
    test_credit_portal,
    test_credit_tour,
    test_dunning_engine,
    test_dunning_fields,
    test_dunning_letters,
    test_dunning_mail,
    test_dunning_policy,
    test_dunning_sending,
    test_dunning_states,
    test_neutralize,
    test_scale,
    test_score_history,
    test_scorecard,
    test_security,
    test_tour,
)
