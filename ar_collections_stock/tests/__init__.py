from . import test_delivery_stop
