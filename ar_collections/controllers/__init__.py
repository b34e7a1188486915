from . import claim
from . import statement
from . import door
from . import door_acts, door_claim, door_pay
from . import provision
