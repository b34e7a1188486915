from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html


class ArInteraction(models.Model):
    """The customer says that it is paid: until which day we wait, and the proof.

    The proof is asked for by a button of its own: what one click writes down can be undone, a mail
    that has left cannot.
    """
    _inherit = 'ar.interaction'

    proof_asked_at = fields.Datetime(string="Proof asked for", readonly=True, copy=False)
    can_ask_proof = fields.Boolean(compute='_compute_can_ask_proof', compute_sudo=True)

    @api.depends('outcome', 'active', 'item_ids', 'proof_asked_at', 'contact_id.email',
                 'partner_id.email')
    def _compute_can_ask_proof(self):
        for interaction in self:
            interaction.can_ask_proof = bool(
                interaction.id and interaction.active and interaction.outcome == 'paid'
                and interaction.item_ids and not interaction.proof_asked_at
                and interaction._get_proof_recipient())

    @api.depends('proof_asked_at')
    def _compute_can_undo(self):
        """EXTENDS desk: nobody takes back a mail that has left."""
        result = super()._compute_can_undo()
        self.filtered('proof_asked_at').can_undo = False
        return result

    def _get_derived_fields(self):
        """EXTENDS desk."""
        return super()._get_derived_fields() | {'proof_asked_at'}

    def write(self, vals):
        """EXTENDS desk: the task to look for the money moves with the day."""
        result = super().write(vals)
        if vals.get('next_date'):
            # sudo: the task of a colleague.
            for interaction in self.sudo().filtered(
                    lambda row: row.outcome == 'paid' and row.activity_id.active):
                interaction.activity_id.date_deadline = interaction.next_date
        return result

    def set_day(self, date):
        """Choose another day on which this customer is to be contacted again.

        :param str date: ISO, today or later
        :return: what `ar.worklist.log_outcome` returns
        :raise UserError: no day, one that has passed, or the contact is history
        """
        self.ensure_one()
        Worklist = self.env['ar.worklist']
        self.write({'next_date': Worklist._check_date(
            self.customer_id, fields.Date.to_date(date or False))})
        return Worklist._get_answer(self)

    # === PROOF === #

    def _get_documents_text(self):
        """Return the numbers of the documents spoken about, in one line."""
        # Not of the entries themselves: a collector need not see those that are no invoices.
        return ", ".join(dict.fromkeys(filter(None, self.item_ids.mapped('move_name'))))

    def _get_proof_recipient(self):
        """Return whom to ask: the contact who said it, else the customer; nobody without e-mail."""
        self.ensure_one()
        customer = self.customer_id
        for partner in (self.contact_id, customer.collections_contact_id, self.partner_id):
            if partner.email and partner not in customer.wrong_contact_ids:
                return partner
        return self.partner_id.browse()

    def action_ask_proof(self):
        """Ask the contact by e-mail for the proof of payment, in the contact's language; once.

        :return: True
        :raise AccessError: without the right to write, or outside the perimeter
        :raise UserError: nothing is said to be paid here, or nobody has an e-mail address
        """
        self.ensure_one()
        self.check_access('write')
        self.customer_id.check_access('write')
        if self.proof_asked_at:
            return True
        if not self.can_ask_proof:
            raise UserError(self.env._(
                "The proof can be asked for when somebody says that items are paid, and when the "
                "customer has an e-mail address. Put one on its card, or ask by telephone."))
        # sudo: derived fields; the mail leaves in the name of the company, about a customer whom
        # the writer may change.
        interaction = self.sudo()
        interaction.proof_asked_at = fields.Datetime.now()
        # The row first: of two clicks at once, the second is run again and finds it.
        interaction.flush_recordset()
        partner = interaction._get_proof_recipient()
        customer = interaction.customer_id.with_context(lang=partner.lang or self.env.lang)
        documents = interaction._get_documents_text()
        customer.message_post(
            partner_ids=partner.ids, message_type='comment', subtype_xmlid='mail.mt_comment',
            subject=customer.env._("Your payment of %s", documents),
            body=plaintext2html(customer.env._(
                "Good day,\n\nThank you for telling us that you have paid %(documents)s. So that "
                "we can find your payment, please send us the proof of the transfer: a reply to "
                "this message is enough.\n\n%(me)s\n%(company)s", documents=documents,
                me=self.env.user.name, company=customer.company_id.name)))
        return True
