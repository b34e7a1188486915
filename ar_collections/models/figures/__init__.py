from . import res_company
from . import aged_bucket
from . import (
    statement,
    statement_choice,
    customer_statement,
    statement_run,
    statement_sending,
    term_cap,
    diagnosis,
    diagnosis_quality,
    diagnosis_target,
)
from . import aged_balance
from . import aged_balance_query
from . import aged_balance_parts
from . import aged_report
from . import aged_report_pdf
from . import aged_report_xlsx
from . import aged_report_slices
from . import aged_print
from . import aged_print_work
from . import cockpit
from . import cockpit_actions
from . import cockpit_cache
from . import cockpit_cards
from . import cockpit_dso
from . import cockpit_rooms
from . import report_schedule
from . import report_sending
from . import (
    kpi_queries,
    kpi_dso,
    kpi,
    kpi_figures,
    kpi_moves,
    kpi_followed,
    kpi_windows,
    kpi_stored,
    kpi_snapshot,
    kpi_items,
    kpi_settings,
    kpi_digest,
)
from . import (
    forecast,
    forecast_habit,
    forecast_item,
    forecast_review,
    forecast_snapshot,
    forecast_week,
    forecast_fields,
)
