from . import core, ledger, dunning, credit, desk, law
