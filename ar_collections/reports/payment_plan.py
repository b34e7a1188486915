from odoo import api, models
from odoo.tools.image import image_data_uri
from odoo.tools.misc import format_amount, format_date


class ReportPaymentPlan(models.AbstractModel):
    """The proposal of a payment plan, and the plan once it is signed: the same paper."""
    _name = 'report.ar_collections.report_ar_payment_plan'
    _description = "Payment plan"

    @api.model
    def _get_report_values(self, docids, data=None):
        plans = self.env['ar.payment.plan'].browse(docids)
        plans.check_access('read')
        return {
            'doc_ids': docids, 'doc_model': 'ar.payment.plan',
            'docs': [self._get_document(plan) for plan in plans],
            'logo_style': self.env['ar.letter']._get_logo_style(plans.company_id),
        }

    @api.model
    def _get_document(self, plan, lang=None):
        """Return one plan in words and figures, in the language of the customer.

        :param str lang: language of the page, when it is not a letter
        """
        # sudo: the right to read the plan was checked; what it quotes comes with it.
        plan = plan.sudo()
        company, customer = plan.company_id, plan.customer_id
        lang = lang or plan.lang
        plan = plan.with_context(lang=lang)
        env = plan.env
        Letter = env['ar.letter']
        currency = plan.currency_id

        def money(amount):
            return format_amount(env, amount, currency, lang_code=lang).replace('\ufeff', '')

        def day(date):
            return format_date(env, date, lang_code=lang) if date else ''

        return {
            'lang': lang, 'head': Letter._get_head(company, lang),
            'address': Letter._get_address_lines(
                plan.recipient_id.with_context(lang=lang), company),
            'place': Letter._get_place_and_date(
                company, plan.proposed_on or company._get_ar_today(), lang),
            'name': plan.name, 'customer_number': customer.partner_id.ref,
            'customer': customer.partner_id.name, 'company': company.name,
            'draft': plan.state in ('draft', 'to_approve'),
            'state': plan.state, 'items': [self._get_item(line, money, day)
                                           for line in self._sort_items(plan)],
            'parts': self._get_parts(plan, money, day),
            'amount': money(plan.amount),
            'words': currency.with_context(lang=lang).amount_to_text(plan.amount),
            'currency': currency.name, 'valid_until': day(plan._get_last_day()),
            'grace': plan.grace_days if plan.proposed_on else company.ar_plan_grace_days,
            'missed': (plan.missed_allowed if plan.proposed_on
                       else company.ar_plan_missed_allowed),
            'interest_stayed': plan.interest_stayed, 'conditions': plan.conditions,
            'bank': env['ar.reminder'].new({'company_id': company.id})._get_bank_values(),
            'signed_by': plan.signed_by, 'signed_on': day(plan.acknowledged_on),
            'signature': plan.signature and image_data_uri(plan.signature),
            'on_paper': plan.signature_way == 'paper',
            'url': plan.state == 'proposed' and plan.get_base_url() + plan.get_portal_url(),
        }

    @api.model
    def _sort_items(self, plan):
        return plan.line_ids.sorted(lambda line: (
            line.date_maturity or line.move_id.invoice_date_due or line.move_id.date, line.id))

    @api.model
    def _get_item(self, line, money, day):
        move = line.move_id
        return {
            'document': move.name or '', 'date': day(move.invoice_date or move.date),
            'due': day(line.date_maturity), 'total': money(
                abs(line.move_line_id.amount_currency) if line.move_line_id else line.amount),
            'open': money(line.amount),
        }

    @api.model
    def _get_parts(self, plan, money, day):
        """Return the instalments with what remains after each."""
        rest, parts = plan.amount, []
        labels = dict(plan.instalment_ids._fields['state']._description_selection(plan.env))
        for rank, part in enumerate(
                plan.instalment_ids.sorted(lambda one: (one.due_date, one.id)), 1):
            rest = plan.currency_id.round(rest - part.amount)
            parts.append({
                'rank': rank, 'date': day(part.due_date), 'amount': money(part.amount),
                'rest': money(rest), 'received': money(part.paid_amount),
                'state': part.state, 'label': labels.get(part.state, ''),
            })
        return parts
