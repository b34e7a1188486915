from odoo import api, fields, models
from odoo.tools.misc import format_amount, format_date

# Newest first; whoever had more has a person to ask.
MOST = 100
SHOWN_TYPES = ('image/jpeg', 'image/png', 'image/webp')


class ArDispute(models.Model):
    """What the customer reads about its dispute, apart from what is said inside."""
    _inherit = 'ar.dispute'

    answer = fields.Text(
        string="Our answer to the customer", copy=False, tracking=True,
        help="The customer reads this on its pages. What was found and agreed inside stays in the "
             "outcome and the notes.")


class ArPortalAct(models.Model):
    _inherit = 'ar.portal.act'

    attachment_ids = fields.Many2many(
        'ir.attachment', 'ar_portal_act_attachment_rel', 'act_id', 'attachment_id',
        string="Files", readonly=True, help="What the customer sent; it may look at them again.")


class ArDoor(models.AbstractModel):
    """The customer's disputes: what it said, how they stand, what we answered."""
    _inherit = 'ar.door'

    @api.model
    def _get_disputes(self, customers):
        """Return the disputes of these accounts, sudoed, newest first.

        :param customers: `ar.customer`, whose visitor was let in
        """
        # sudo: link or login were checked; the customer is the condition.
        return self.env['ar.dispute'].sudo().search(
            [('customer_id', 'in', customers.ids)], order='opened_on desc, id desc', limit=MOST)

    @api.model
    def _read_disputes(self, customers):
        """Return what the page of disputes shows, in the language of the context.

        Nothing of the notes, the resolution, the owner, the steps or the deadline: those are ours.
        Of the files only what the customer itself sent.

        :return: list of dictionaries; amounts and dates as text
        """
        disputes = self._get_disputes(customers)
        acts = self.env['ar.portal.act'].sudo().search([('dispute_id', 'in', disputes.ids)])
        files = {dispute: found.attachment_ids for dispute, found in acts.grouped(
            'dispute_id').items()}
        return [{
            'id': dispute.id, 'customer_id': dispute.customer_id.id, 'name': dispute.name,
            'company': dispute.company_id.name,
            'opened': format_date(self.env, dispute.opened_on),
            'closed': format_date(self.env, dispute.closed_on) if dispute.closed_on else False,
            'reason': dispute.reason_id.with_context(lang=self.env.lang).name,
            'amount': format_amount(
                self.env, dispute.amount, dispute.currency_id).replace('\ufeff', ''),
            'documents': [(move.id, move.name) for move in dispute.line_ids.move_id],
            'said': dispute.description or '', 'answer': dispute.answer or '',
            'credit_notes': [(move.id, move.name) for move in dispute.credit_note_ids
                             if move.state == 'posted'],
            'files': [(one.id, one.name, one.mimetype in SHOWN_TYPES)
                      for one in files.get(dispute, ())],
            'state': dispute.state, 'state_text': self._get_dispute_text(dispute.state),
        } for dispute in disputes]

    @api.model
    def _get_dispute_text(self, state):
        """Return how a dispute stands, in words for the customer.

        A debt that we have written off is not forgiven: it is only said to be closed.
        """
        return {
            'open': self.env._("We are looking into it"),
            'upheld': self.env._("Closed: the invoice stands"),
            'withdrawn': self.env._("Closed: withdrawn"),
            'credited': self.env._("Settled by credit note"),
            'paid': self.env._("Closed: paid"),
            'void': self.env._("Closed: the invoice was cancelled"),
        }.get(state) or self.env._("Closed")

    @api.model
    def _get_dispute_file(self, customer, dispute_id, attachment_id):
        """Return a file that this customer sent with this dispute, or nothing."""
        return self.env['ar.portal.act'].sudo().search([
            ('customer_id', '=', customer.id), ('dispute_id', '=', dispute_id),
            ('dispute_id.customer_id', '=', customer.id)]).attachment_ids.filtered(
            lambda one: one.id == attachment_id)

    @api.model
    def _get_more(self, customer):
        """EXTENDS desk: the page of disputes, when there are any."""
        more = super()._get_more(customer)
        groups = self.env['ar.dispute'].sudo()._read_group(
            [('customer_id', '=', customer.id)], ['state'], ['__count'])
        if not groups:
            return more
        waiting = dict(groups).get('open', 0)
        text = self.env._("Your disputes: %s open", waiting) if waiting else self.env._(
            "Your disputes: all settled")
        return [*more, {'text': text, 'path': '/disputes'}]
