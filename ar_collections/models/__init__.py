from . import core, ledger, dunning, credit, insurance
