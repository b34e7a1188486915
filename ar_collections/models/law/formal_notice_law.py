from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_amount, format_date

from ...tools.interest_rules import ZERO, to_decimal


class ArCustomer(models.Model):
    """EXTENDS: another kind of debtor needs another text, as long as none was posted."""
    _inherit = 'ar.customer'

    def write(self, vals):
        result = super().write(vals)
        if 'debtor_kind' in vals:
            # sudo: the text follows, whoever may write the case.
            for case in self.env['ar.legal.case'].sudo().search([
                    ('customer_id', 'in', self.ids), ('stage', '!=', 'closed'),
                    ('notice_sent_on', '=', False)]):
                if case.notice_text_id.debtor != case._get_notice_debtor():
                    case.notice_text_id = case._find_notice_text()
        return result


class ArLegalCase(models.Model):
    """EXTENDS desk: whom a notice may address, and what may no longer be pursued."""
    _inherit = 'ar.legal.case'

    def _get_notice_debtor(self):
        """EXTENDS desk: the kind of debtor that the law room knows; a consumer when nothing shows
        a business: that text asks for less."""
        super()._get_notice_debtor()
        # sudo: the kind of debtor decides the text, whoever opens the case.
        return self.customer_id.sudo()._get_debtor()[0] or 'consumer'

    def _get_notice_costs(self):
        """EXTENDS desk: the compensation of the confirmed rule, as it will be claimed afterwards.

        What was claimed of it before is owed as well: it stands in the sum.
        """
        super()._get_notice_costs()
        # sudo: the law is no secret.
        regime = self.sudo().customer_id._get_laws()[self.customer_id.sudo()][0].sudo()
        lines = self.line_ids.filtered(
            lambda line: line.currency_id.compare_amounts(line.residual, 0) > 0)
        currency = regime.currency_id
        if not regime or lines.currency_id != currency:
            return False
        left, prior = self.env['ar.interest.engine'].sudo()._get_named_costs(
            self.sudo().customer_id, regime, [
                (line.move_line_id.id, line.move_id.id, line._get_due_date(),
                 to_decimal(line.residual, currency.decimal_places))
                for line in lines.sorted(lambda line: (line._get_due_date(), line.move_line_id.id))
            ], self.notice_sent_on or self.notice_date or self.company_id._get_ar_today())
        costs = sum(left.values(), ZERO) + sum(prior.values(), ZERO)
        return costs and format_amount(
            self.env, float(costs), currency, lang_code=self.env.lang).replace('\ufeff', '')

    def _get_notice_mentions(self, lines):
        """EXTENDS desk: who claims, for what and since when, as in the free reminder.

        :raise UserError: a notice without these mentions would be none (Belgium, Book XIX)
        """
        mentions = super()._get_notice_mentions(lines)
        text, company = self.notice_text_id, self.company_id
        if not text.names_goods:
            return mentions
        if not (company.company_registry or company.vat):
            raise UserError(self.env._(
                "The text %(text)s names our company number, and %(company)s has none. Enter its "
                "number on the company.", text=text.name, company=company.name))
        reminder = self.env['ar.reminder'].new({'company_id': company.id})
        products = reminder._get_product_names(lines.move_id)
        nameless = lines.filtered(lambda line: not products.get(line.move_id.id))
        if nameless:
            raise UserError(self.env._(
                "The text %(text)s names what was supplied, and nothing says it on %(items)s. "
                "Write a description on its lines, or take it out of the case.",
                text=text.name, items=nameless._name_items()))
        return [*mentions, reminder._get_creditor_text(self.env), *(
            self.env._(
                "%(invoice)s, due on %(date)s: %(products)s.", invoice=line.move_id.name,
                date=format_date(self.env, line._get_due_date(), lang_code=self.env.lang),
                products=products[line.move_id.id])
            for line in lines.sorted(lambda line: (line._get_due_date(), line.id)))]

    pursuit_warning = fields.Text(
        string="What the law says against it", compute='_compute_pursuit_warning',
        compute_sudo=True)

    @api.depends('stage', 'customer_id', 'line_ids.move_line_id')
    def _compute_pursuit_warning(self):
        """A few queries per company, however many cases are shown."""
        self.pursuit_warning = False
        going = self.filtered(lambda case: case.company_id and case.stage != 'closed')
        for company, cases in going.grouped('company_id').items():
            barred = cases.line_ids._get_barred(company, company._get_ar_today())
            for case in cases:
                case.pursuit_warning = "\n".join(filter(None, (
                    case._describe_insolvency(), case._describe_barred(barred),
                    case._describe_disputed()))) or False

    def _check_pursuit(self, target):
        """EXTENDS desk: what the law forbids to demand, with the reason and its source.

        Refused: a notice to a consumer with claims that only businesses owe; what arose before
        an insolvency, except that a lawyer may declare it; what a consumer owed before its
        prescription passed. A barred claim between businesses is only told: the debtor may waive
        the objection.
        """
        result = super()._check_pursuit(target)
        # sudo: the law binds whoever presses the button.
        case = self.sudo()
        consumer = case._get_notice_debtor() == 'consumer'
        text = case.notice_text_id
        if target == 'notice' and consumer and text.debtor != 'consumer':
            raise UserError(self.env._(
                "%(text)s is not written for consumers, and nothing shows that %(customer)s is "
                "anything else. Choose a text for consumers on the case, or say under “Kind of "
                "debtor” of the customer what it is.",
                text=text.name, customer=case.partner_id.display_name))
        insolvency = case._describe_insolvency()
        if insolvency and target != 'lawyer':
            raise UserError(insolvency)
        self.env.flush_all()
        barred = case._describe_barred(
            case.line_ids._get_barred(case.company_id, case.company_id._get_ar_today()))
        if barred and consumer:
            raise UserError(self.env._(
                "%(barred)s\nA consumer is not asked for it any more. Take these items out of the "
                "case; if something interrupted the prescription, note that act on the customer "
                "first; if the customer is no consumer, say so under “Kind of debtor”.",
                barred=barred))
        for warning in filter(None, (insolvency, barred, case._describe_disputed())):
            case._message_log(body=warning)
        return result

    def _describe_disputed(self):
        """Return which items of the case are disputed, and what to do about it, or False."""
        self.ensure_one()
        # sudo: a colleague may have noted the dispute.
        disputed = self.env['ar.dispute.line'].sudo().search([
            ('move_line_id', 'in', self.line_ids.move_line_id.ids), ('state', '=', 'open')])
        lines = self.line_ids.filtered(lambda line: line.move_line_id in disputed.move_line_id)
        return bool(lines) and self.env._(
            "%(items)s: disputed. Settle the dispute first, or take it out of the case: what is "
            "disputed is for a court to decide, and no notice or agency makes it certain. "
            "Source: %(origin)s", items=lines._name_items(),
            origin=self.env['ar.law.guard']._get_dispute_source())

    def _describe_insolvency(self):
        """Return why items of the case may not be pursued since an insolvency, or False."""
        self.ensure_one()
        opened = self.customer_id.insolvency_date
        stayed = self.customer_id._filter_stayed(self.line_ids.move_line_id)
        earlier = self.line_ids.filtered(
            lambda line: line.currency_id.compare_amounts(line.residual, 0) > 0
            and line.move_line_id in stayed)
        return earlier and self.env._(
            "%(items)s: invoiced before the insolvency of %(customer)s was opened on %(date)s. "
            "Do not demand it: declare the claim to the administrator (France: articles L622-21 "
            "and L622-24 of the commercial code). Only a lawyer may be given the case, to declare "
            "it.", items=earlier._name_items(), customer=self.partner_id.display_name,
            date=format_date(self.env, opened))

    def _describe_barred(self, barred):
        """Return which items of the case are barred, since when and by which rule, or False.

        :param barred: as `ar.legal.case.line._get_barred` returns it
        """
        self.ensure_one()
        texts = []
        for (day, rule), ids in barred.items():
            lines = self.line_ids.filtered(lambda line, ids=ids: line.id in ids)
            if lines:
                texts.append(self.env._(
                    "%(items)s: prescription passed on %(date)s (%(rule)s: %(origin)s). No court "
                    "gives it when the debtor objects.",
                    items=lines._name_items(), date=format_date(self.env, day),
                    rule=rule.name or "–", origin=rule.source or "–"))
        return "\n".join(texts) or False


class ArLegalCaseLine(models.Model):
    _inherit = 'ar.legal.case.line'

    def _get_barred(self, company, today):
        """Return {(last lawful day, rule): line ids} of what is owed and barred on a day.

        Counted afresh from the ledger and the acts, in a few queries for any number of lines: an
        item that was entered since the last night has no deadline yet. What a person has closed
        as done is not barred. Claims on the account of doubtful customers count as well.
        """
        origins = {}
        successors = self.env['ar.doubtful.line']._get_successors(self.move_line_id)
        for line in self:
            for item in (line.move_line_id, *successors.get(line.move_line_id.id, ())):
                origins.setdefault(item._origin.id, line.id)
        # sudo: the deadlines of the items of the case.
        Deadline = self.env['ar.deadline'].sudo()
        items = Deadline._read_prescription_items(
            company, SQL("l.id = ANY(%s)", [item_id for item_id in origins if item_id]))
        found = {}
        for item, rule, limitation in Deadline._get_limitations(company, items):
            if limitation.last_day < today:
                found.setdefault((limitation.last_day, rule), []).append(item['id'])
        closed = set(Deadline.search([
            ('move_line_id', 'in', [item_id for ids in found.values() for item_id in ids]),
            ('kind', '=', 'prescription'), ('last_day', '<', today), ('state', '=', 'done'),
        ]).move_line_id.ids) if found else set()
        barred = {key: [origins[item_id] for item_id in ids if item_id not in closed]
                  for key, ids in found.items()}
        return {key: ids for key, ids in barred.items() if ids}

    def _name_items(self):
        return ", ".join(dict.fromkeys(
            line.move_id.name or line.move_line_id.display_name for line in self))
