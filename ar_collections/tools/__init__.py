from . import calendars, financial_scores, identifiers, open_items, scoring
