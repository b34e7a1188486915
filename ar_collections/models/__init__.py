from . import core, ledger, dunning, credit, figures
