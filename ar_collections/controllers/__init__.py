from . import claim, factoring
from . import statement
