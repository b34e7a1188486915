from dataclasses import replace

from odoo import api, fields, models
from odoo.tools import SQL, format_date


class ArDunningSkip(models.Model):
    """EXTENDS dunning: why the law keeps an item out of a run."""
    _inherit = 'ar.dunning.skip'

    reason = fields.Selection(selection_add=[
        ('prescribed', "Prescription has passed: nothing can be enforced, a person decides"),
        ('no_policy',),
    ], ondelete={'prescribed': 'cascade'})


class ArDunningEngine(models.AbstractModel):
    """EXTENDS dunning: nobody threatens with a court for a claim that no court hears any more."""
    _inherit = 'ar.dunning.engine'

    def _get_item_exclusions(self, company, date):
        """EXTENDS dunning."""
        return [*super()._get_item_exclusions(company, date), ('prescribed', SQL(
            """l.id IN (SELECT barred.move_line_id FROM ar_deadline barred
                         WHERE barred.move_line_id IS NOT NULL AND barred.kind = 'prescription'
                           AND barred.state IN ('open', 'missed') AND barred.last_day < %s)""",
            date))]


class ArInterestEngine(models.AbstractModel):
    """EXTENDS: interest follows its claim."""
    _inherit = 'ar.interest.engine'

    @api.model
    def _get_item_claims(self, customers, date, moves=None, paid_since=None, allocation=None):
        """EXTENDS: an item whose prescription has passed gives no claim, and says why."""
        claims = super()._get_item_claims(
            customers, date, moves=moves, paid_since=paid_since, allocation=allocation)
        # The clock of a claim that was moved runs on the item where it is owed now.
        days = self.env['ar.deadline']._get_barred(
            [part for claim in claims for part in claim.parts], date)
        barred = {claim.item_id: max(found) for claim in claims
                  if (found := [days[part] for part in claim.parts if part in days])}
        return [claim if claim.item_id not in barred else replace(
            claim, statement=None, interest=claim.interest * 0,
            compensation=claim.compensation * 0, reason='prescribed',
            detail=barred[claim.item_id].isoformat()) for claim in claims]

    @api.model
    def _describe_reason(self, claim):
        """EXTENDS: since when it is barred."""
        if claim.reason == 'prescribed':
            return self.env._(
                "Prescription passed on %s: neither the claim nor its interest can be enforced.",
                format_date(self.env, fields.Date.to_date(claim.detail)))
        return super()._describe_reason(claim)


class ArDeadline(models.Model):
    _inherit = 'ar.deadline'

    @api.model
    def _get_barred(self, item_ids, date):
        """Return {item id: last lawful day} of the items that are barred on a day: one query."""
        if not item_ids:
            return {}
        self.flush_model()
        return dict(self.env.execute_query(SQL(
            """
            SELECT move_line_id, MAX(last_day) FROM ar_deadline
             WHERE move_line_id = ANY(%s) AND kind = 'prescription' AND last_day < %s
               AND state IN ('open', 'missed')
             GROUP BY move_line_id
            """, list(item_ids), date)))
