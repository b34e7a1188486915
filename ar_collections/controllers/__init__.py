from . import claim
from . import statement
from . import provider_callback
