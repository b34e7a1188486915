from . import pure, test_core_refresh, test_dunning_engine, test_dunning_policy
