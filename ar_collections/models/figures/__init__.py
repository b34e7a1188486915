from . import res_company
from . import aged_bucket
