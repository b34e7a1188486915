from . import claim
from . import overdue_notice
from . import statement
from . import provider_callback
from . import provision
