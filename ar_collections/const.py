"""Code lists shared by several rooms. No rates and no law here: those are dated data."""

# How a reminder can reach a customer. 'task' always works: it is the end of every fallback.
CHANNELS = [
    ('email', "E-mail"),
    ('letter', "Letter"),
    ('sms', "SMS"),
    ('call', "Call"),
    ('task', "Task"),
]

EXECUTIONS = [
    ('automatic', "Automatic"),
    ('approve', "To approve"),
    ('manual', "Manual"),
]

REMINDER_STATES = [
    ('proposed', "To approve"),
    ('approved', "Approved"),
    ('queued', "In the mail queue"),
    ('sending', "Sending"),
    ('sent', "Sent"),
    ('failed', "Failed"),
    ('unknown', "Outcome unknown"),
    ('skipped', "Skipped"),
    ('cancelled', "Cancelled"),
]

# An item may be in one reminder of these states only; they still need somebody or something.
OPEN_STATES = ('proposed', 'approved', 'queued', 'sending', 'failed', 'unknown')
# From here on the content is history: nobody edits it.
FROZEN_STATES = ('queued', 'sending', 'sent', 'unknown')

NETTING = [
    ('subtract', "Subtract from the amount claimed"),
    ('show', "Show, but claim the gross amount"),
    ('ignore', "Leave out"),
]

TONES = [
    ('courtesy', "Courtesy"),
    ('friendly', "Friendly"),
    ('neutral', "Neutral"),
    ('firm', "Firm"),
    ('final', "Final"),
]
