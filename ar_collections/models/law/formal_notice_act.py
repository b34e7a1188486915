from odoo import Command, api, fields, models
from odoo.tools import SQL, format_date

KEY = 'ar.legal.case'


class ArLimitationAct(models.Model):
    """EXTENDS law: the formal notice of a legal case is an act, whatever it does.

    What it does is written in the rule of the customer's country: nothing in France between
    businesses (Cass. com. 18/05/2022, 20-23.204), a new period in the Netherlands (BW 3:317).
    """
    _inherit = 'ar.limitation.act'

    @api.model
    def _get_found_acts(self, company, customer_ids):
        """EXTENDS law."""
        return [*super()._get_found_acts(company, customer_ids),
                *self._get_notice_acts(company, customer_ids)]

    @api.model
    def _get_notice_acts(self, company, customer_ids):
        """Return the notices that customers have received: one act each.

        From the day of receipt: a demand counts when it has reached the debtor. In force at once
        when the notice and the number of the registered letter are on file; else somebody must
        see the paper.
        """
        for model in ('ar.legal.case', 'ar.legal.case.line'):
            self.env[model].flush_model()
        return [{
            'key': f'{KEY},{case_id},{day}', 'customer_id': customer_id, 'kind': 'formal_notice',
            'date': day, 'item_ids': item_ids, 'state': 'valid' if proven else 'proposed',
            'reference': " ".join(part for part in (name, tracking) if part),
            'document_ids': [Command.set([document_id] if document_id else [])],
        } for case_id, name, customer_id, day, tracking, document_id, proven, item_ids in (
            self.env.execute_query(SQL(
                """
                SELECT sent.id, sent.name, sent.customer_id, sent.notice_received_on,
                       sent.notice_tracking, sent.notice_attachment_id,
                       sent.notice_attachment_id IS NOT NULL
                           AND COALESCE(sent.notice_tracking, '') <> '',
                       array_agg(line.move_line_id ORDER BY line.move_line_id)
                  FROM ar_legal_case sent JOIN ar_legal_case_line line ON line.case_id = sent.id
                 WHERE sent.company_id = %s AND sent.notice_received_on IS NOT NULL AND %s
                   AND NOT EXISTS (
                       SELECT 1 FROM ar_limitation_act act WHERE act.key = CONCAT_WS(
                           ',', %s::text, sent.id, sent.notice_received_on))
                 GROUP BY sent.id
                """, company.id, SQL("TRUE") if customer_ids is None else SQL(
                    "sent.customer_id = ANY(%s)", list(customer_ids)), KEY)))]


class ArLegalCase(models.Model):
    """EXTENDS desk: the receipt of a notice is noted as an act at once."""
    _inherit = 'ar.legal.case'

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        received = cases.filtered('notice_received_on')
        received._note_notice()
        for case in received:
            case._tell_interest_of_notice(None)
        return cases

    def write(self, vals):
        days = {}
        if {'notice_received_on', 'notice_sent_on'} & set(vals):
            days = {case: case._get_interest_notice() for case in self}
        result = super().write(vals)
        if 'notice_received_on' in vals:
            self._note_notice()
        for case, before in days.items():
            case._tell_interest_of_notice(before)
        return result

    # === INTEREST === #

    def _get_interest_notice(self):
        """Return the day of the notice for the rule of interest, or None before its receipt.

        The day of receipt: a demand counts when it has reached the debtor. Where the rule counts
        from the posting (Belgium), the day of posting.
        """
        self.ensure_one()
        if not self.notice_received_on:
            return None
        # sudo: the law is no secret.
        regime = self.sudo().customer_id.effective_regime_id.sudo()
        posted = regime.letter_days and not regime.letter_receipt
        return self.notice_sent_on if posted else self.notice_received_on

    def _tell_interest_of_notice(self, before):
        """Note a received notice on the customer, where nobody has noted one.

        Interest then runs on all that was late by that day: a notice about a part of it is left
        to a person.

        :param date before: the day that this case gave until now; follows a correction
        """
        # sudo: whoever follows the case need not write the customer.
        case = self.sudo()
        customer, day = case.customer_id, case._get_interest_notice()
        counted = customer.effective_regime_id.sudo().letter_receipt
        channel = ('received' if counted else 'letter') if day else False
        if day == before:
            return
        if before and customer.notice_date == before:
            customer.write({'notice_date': day, 'notice_channel': channel})
        elif day and not customer.notice_date:
            missing = case._get_late_items_beside(day)
            if not missing:
                customer.write({'notice_date': day, 'notice_channel': channel})
            elif customer.effective_regime_id.sudo().needs_notice:
                case._message_log(body=self.env._(
                    "Interest does not run yet: the notice is about a part of what was late on "
                    "%(date)s (items not in this case: %(count)s). Note the day of the notice on "
                    "the customer when they were claimed as well.",
                    date=format_date(self.env, day), count=missing))

    def _get_late_items_beside(self, day):
        """Return how many items of the customer were late on a day and are not in this case."""
        return self.env['account.move.line'].search_count(
            self.customer_id._get_open_items_domain() & fields.Domain([
                ('amount_residual', '>', 0), ('date_maturity', '<', day),
                ('id', 'not in', self._get_items().ids)]))

    # === ACT === #

    def _note_notice(self):
        """Note the act of the day of receipt; one of another day was a mistake."""
        # sudo: whoever follows the case need not keep the acts.
        Act = self.env['ar.limitation.act'].sudo()
        for case in self:
            wrong = Act.search([
                ('key', '=like', f'{KEY},{case.id},%'), ('state', '!=', 'void'),
                ('date', '!=', case.notice_received_on)])
            if wrong:
                wrong.write({'void_reason': self.env._(
                    "The day of receipt was corrected on %s.", case.name)})
                wrong.action_void()
        for company, cases in self.sudo().grouped('company_id').items():
            self.env['ar.deadline'].sudo()._build(company, cases.customer_id)
