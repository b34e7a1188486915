from . import claim, factoring
from . import statement
from . import provision
