from . import claim
from . import statement
