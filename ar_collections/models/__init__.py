# In this order: a room may extend those before it.
from . import core, ledger, dunning, credit, figures, desk, law, insurance
