from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

# Until the first payment of the next proposal, as of any plan; a person of ours may change it.
FIRST_DAYS = 14


class ArPortalAct(models.Model):
    """What a customer answers to a proposed plan instead of signing it."""
    _inherit = 'ar.portal.act'

    former_plan_id = fields.Many2one(
        'ar.payment.plan', string="Plan it is about", readonly=True, ondelete='set null',
        index='btree_not_null', help="The proposal that was refused, or that has lapsed.")

    def _do_refusal(self, values):
        """Refuse a proposed plan: it is closed, and the ladder goes on.

        :param dict values: 'plan_id', 'note' (why, or what would suit; may be empty)
        """
        plan = self._take_plan(values)
        if plan.state != 'proposed':
            raise UserError(self.env._("This payment plan does not wait for a signature."))
        note = self._take_text(values)
        self._note_former_plan(plan, plan.line_ids.move_line_id, plan.amount, note)
        plan._close_refused(note)
        house = self._with_house_lang()
        self._tell_of_plan(house, house.env._(
            "The customer refuses payment plan %(name)s of %(amount)s.", name=plan.name,
            amount=formatLang(house.env, plan.amount, currency_obj=plan.currency_id)))

    def _do_renewal(self, values):
        """Ask for another proposal instead of one that has lapsed.

        :param dict values: 'plan_id', 'note' (may be empty)
        """
        plan = self._take_plan(values)
        if not plan._has_lapsed():
            raise UserError(self.env._("This page is too old. Please open it again."))
        items = plan._get_open_items()
        if not items:
            raise UserError(self.env._(
                "There is nothing left to agree on here. Please look at your account again."))
        total = plan.currency_id.round(sum(items.mapped('amount_residual_currency')))
        self._note_former_plan(plan, items, total, self._take_text(values))
        self._wait_for_answer(items)
        # Nobody signs the old one any more, and its items are free for the next.
        plan.filtered(lambda one: one.state == 'proposed')._close(
            'cancelled', self.company_id._get_ar_today())
        house = self._with_house_lang()
        self._tell_of_plan(house, house.env._(
            "The customer asks for a new proposal instead of payment plan %s.", plan.name))

    def _take_plan(self, values):
        """Return the plan, of this customer and proposed once.

        :raise UserError: anything else
        """
        plan = self.env['ar.payment.plan'].search([
            ('id', '=', values.get('plan_id')), ('customer_id', '=', self.customer_id.id),
            ('proposed_on', '!=', False)])
        if not plan:
            raise UserError(self.env._("This link is not valid any more."))
        return plan

    def _note_former_plan(self, plan, items, amount, note):
        """Write down what it is about, and the terms a next plan begins with."""
        self.write({
            'state': 'new', 'former_plan_id': plan.id, 'note': note, 'amount': amount,
            'currency_id': plan.currency_id.id, 'instalment_count': plan.number,
            'first_date': self.done_on + relativedelta(days=FIRST_DAYS),
            'move_line_ids': [fields.Command.set(items.ids)]})

    def _tell_of_plan(self, house, text):
        house._tell(text, self.note)
        self._log_on_customer(f"{text} {self.note or ''}".strip())
        self.former_plan_id._message_log(
            body=f"{text} {self.note or ''}".strip(), author_id=self.contact_id.id or None)


class ArAnswer(models.Model):
    """EXTENDS desk: what the e-mail with our answer is about."""
    _inherit = 'ar.answer'

    def _get_matter(self, env, lang):
        """EXTENDS desk."""
        subject, asked = super()._get_matter(env, lang)
        name = self.act_id.former_plan_id.name
        if self.act_id.kind == 'refusal':
            asked = env._("You refused our payment plan %s.", name)
        elif self.act_id.kind == 'renewal':
            asked = env._("You asked us for a new proposal instead of payment plan %s.", name)
        return subject, asked
