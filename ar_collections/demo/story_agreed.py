"""What goes further in the story: a plan signed by the customer, and a claim that goes to law."""
from datetime import timedelta

from odoo import Command, api, models

NOTICE_NUMBER = "RAR 1A 203 445"


class ArDemoStory(models.AbstractModel):
    """EXTENDS demo: a payment plan, a formal notice, a doubtful claim to be posted."""
    _inherit = 'ar.demo.story'

    @api.model
    def _tell_desk(self, company, partners, users):
        """EXTENDS demo."""
        result = super()._tell_desk(company, partners, users)
        story = self.with_context(mail_activity_quick_update=True)
        # Letters are printed where the program that makes the PDF is at hand.
        prints = self.env['ir.actions.report'].get_wkhtmltopdf_state() != 'install'
        story._sign_plan(company, partners['arnaud'], users['collector'], prints)
        story._open_case(company, partners['moreau'], users['manager'], prints)
        story._move_to_doubtful(company, partners['moreau'])
        return result

    def _sign_plan(self, company, partner, user, prints):
        """Three instalments from the end of next week on, signed on paper today."""
        today = company._get_ar_today()
        item = self._get_oldest_item(company, partner)
        plan = self.env['ar.payment.plan'].with_user(user).create({
            'customer_id': self.env['ar.customer']._get_or_create(partner, company).id,
            'currency_id': item.currency_id.id, 'number': 3,
            'first_date': today + timedelta(days=11),
            'line_ids': [Command.create({'move_line_id': item.id})]})
        plan.action_submit()
        plan = plan.sudo()
        if plan.state != 'proposed':
            plan._propose()
        if prints:
            plan._sign("Hélène Arnaud", 'paper', today)
            return
        plan.write({
            'signed_by': "Hélène Arnaud", 'signed_on': self.env.cr.now(),
            'signature_way': 'paper', 'acknowledged_on': today})
        plan._start()

    def _open_case(self, company, partner, user, prints):
        """The notice was received, nothing came: the court was asked for a payment order."""
        today = company._get_ar_today()
        case = self.env['ar.legal.case'].create({
            'customer_id': self.env['ar.customer']._get_or_create(partner, company).id,
            'user_id': user.id, 'opened_on': today - timedelta(days=52),
            'next_step': "Serve the payment order", 'next_date': today + timedelta(days=7),
            'line_ids': [Command.create({
                'move_line_id': self._get_oldest_item(company, partner).id})]})
        if prints:
            case._make_notice(today - timedelta(days=51))
        case.notice_tracking = NOTICE_NUMBER
        case.notice_sent_on = today - timedelta(days=50)
        case.notice_received_on = today - timedelta(days=48)
        case.court = "Tribunal de commerce de Romans"
        case._set_stage('court', "Payment order asked for", date=today - timedelta(days=40))

    def _move_to_doubtful(self, company, partner):
        """The entry waits for an accountant; only where the chart has the account, as in France."""
        account = self.env['account.account'].search([
            *self.env['account.account']._check_company_domain(company),
            ('code', '=like', '416%'), ('reconcile', '=', True)], limit=1)
        if not account:
            return
        company.ar_doubtful_account_ids = [Command.link(account.id)]
        self.env['ar.doubtful.transfer']._transfer_to_doubtful(
            self._get_oldest_item(company, partner), "Judicial recovery opened by the court.")
