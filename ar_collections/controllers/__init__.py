from . import claim
from . import statement
from . import provision
