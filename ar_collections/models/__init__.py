from . import core, ledger, dunning, credit, desk, law
from . import core, ledger, dunning, credit, insurance
