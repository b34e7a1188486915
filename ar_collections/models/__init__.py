from . import core, ledger, dunning, credit, desk
from . import core, ledger, dunning, credit, law
