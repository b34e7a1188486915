from . import (
    pure,
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
)
