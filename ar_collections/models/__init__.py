from . import core, ledger, dunning, credit, law
