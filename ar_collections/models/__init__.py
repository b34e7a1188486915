from . import core, ledger, dunning
