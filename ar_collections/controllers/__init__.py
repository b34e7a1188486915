from . import claim
from . import statement
from . import payment_plan
from . import provision
