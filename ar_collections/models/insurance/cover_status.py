"""The neutral words for what an insurer says, as selections (see `connectors/results.py`)."""

STATUSES = [
    ('draft', "Draft"),
    ('submitted', "Sent"),
    ('pending', "With the insurer"),
    ('granted', "Granted"),
    ('granted_conditional', "Granted with conditions"),
    ('granted_partial', "Granted in part"),
    ('preliminary', "Preliminary answer"),
    ('refused', "Refused"),
    ('increase_refused', "Increase refused"),
    ('reduced', "Reduced by the insurer"),
    ('withdrawal_announced', "Withdrawal announced"),
    ('withdrawn', "Withdrawn by the insurer"),
    ('suspended', "Suspended: no new deliveries"),
    ('cancelled', "Given up"),
    ('superseded', "Replaced by a newer decision"),
    ('expired', "Expired"),
    ('rejected_input', "Not accepted"),
    ('error', "Outcome unknown"),
    ('unknown', "Code not known"),
]
PENDING_ACTIONS = [
    ('batch_change', "Conditions about to change"),
    ('cancellation', "Cancellation under way"),
    ('future_withdrawal', "Withdrawal announced"),
    ('postponed_withdrawal', "Withdrawal put off"),
    ('reinstatement', "Reinstatement under way"),
    ('transfer', "Transfer under way"),
    ('conversion', "Conversion of an indication"),
    ('withdrawal', "Withdrawal under way"),
    ('unknown', "Code not known"),
]
LAYER_KINDS = [
    ('permanent', "Permanent"),
    ('temporary', "Temporary"),
    ('top_up', "Top-up"),
    ('discretionary', "Discretionary"),
    ('non_named', "Non-named"),
]
# What is used up first: a top-up stands on the limit, not beside it.
LAYER_ORDER = {
    'permanent': 10, 'temporary': 20, 'top_up': 30, 'discretionary': 40, 'non_named': 50}
COVER_KINDS = [
    ('named', "Named buyer"),
    ('discretionary', "Discretionary"),
    ('non_named', "Non-named"),
]
# A decision that somebody may type in from the insurer's letter or portal.
DECISIONS = frozenset({
    'granted', 'granted_conditional', 'granted_partial', 'preliminary', 'refused',
    'increase_refused', 'reduced', 'withdrawal_announced', 'withdrawn', 'suspended', 'cancelled',
    'expired'})
# The insurer looked at the buyer and does not want the risk.
TURNED_DOWN = frozenset({'refused', 'withdrawn', 'suspended'})
# Nothing new is covered, whatever the layers of the past say.
ENDED = frozenset({'refused', 'withdrawn', 'cancelled', 'superseded', 'expired'})
