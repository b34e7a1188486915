"""Builders of the credit tests: three currencies, a salesperson, a customer who may owe 1000."""
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.service.model import call_kw

from .common import CollectionsCommon


class ExposureCommon(CollectionsCommon):
    """Two companies and a branch, three currencies, customers with contacts below them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.make_company("Our Branch", parent=cls.company)
        cls.other = cls.make_company("Elsewhere", currency='USD')
        cls.companies = cls.company | cls.branch | cls.other
        cls.env = cls.env(context=dict(
            cls.env.context, allowed_company_ids=cls.companies.ids))
        cls.currencies = {code: cls.env.ref(f'base.{code}') for code in ('EUR', 'USD', 'GBP')}
        for currency in cls.currencies.values():
            currency.active = True
        for company, code, date, rate in (
                (cls.company, 'USD', '2025-01-01', 1.25), (cls.company, 'USD', '2026-05-01', 1.1),
                (cls.company, 'GBP', '2025-01-01', 0.8), (cls.other, 'EUR', '2025-01-01', 0.9),
                (cls.other, 'GBP', '2025-01-01', 0.75)):
            cls.env['res.currency.rate'].create({
                'currency_id': cls.currencies[code].id, 'company_id': company.id, 'name': date,
                'rate': rate})
        cls.taxes = {company: cls.env['account.tax'].with_company(company).create({
            'name': "Tax 20", 'amount': 20, 'company_id': company.id,
            'country_id': company.account_fiscal_country_id.id})
            for company in cls.company | cls.other}
        cls.taxes[cls.branch] = cls.taxes[cls.company]
        # In the currency of the main company: 100 euros at the rate of today.
        cls.goods = cls.env['product.product'].create({
            'name': "Goods", 'type': 'service', 'invoice_policy': 'order', 'list_price': 110,
            'taxes_id': False})
        cls.work = cls.env['product.product'].create({
            'name': "Work", 'type': 'service', 'invoice_policy': 'delivery', 'list_price': 100,
            'taxes_id': False})

    # === BUILD === #

    @classmethod
    def quote(cls, lines, partner=None, company=None, currency=None, confirm=True, **vals):
        """Create an order.

        :param lines: list of (quantity, price, taxed) or (quantity, price, taxed, product)
        """
        company = company or cls.company
        order = cls.env['sale.order'].with_company(company).create({
            'partner_id': (partner or cls.buyer).id, 'company_id': company.id,
            'order_line': [Command.create({
                'product_id': (product[0] if product else cls.goods).id,
                'product_uom_qty': quantity, 'price_unit': price,
                'tax_ids': [Command.set(cls.taxes[company].ids if taxed else [])],
            }) for quantity, price, taxed, *product in lines], **vals})
        if currency:
            order.currency_id = currency
        if confirm:
            order.action_confirm()
        return order

    @classmethod
    def bill(cls, order, method='delivered', post=True, **vals):
        """Invoice an order through Odoo's dialogue; return the new invoice."""
        before = order.invoice_ids
        cls.env['sale.advance.payment.inv'].with_company(order.company_id).create({
            'advance_payment_method': method, 'sale_order_ids': [Command.set(order.ids)], **vals,
        })._create_invoices(order)
        invoice = order.invoice_ids - before
        if post:
            invoice.invoice_date = fields.Date.today()
            invoice.action_post()
        return invoice

    @classmethod
    def in_process(cls, partner, amount, company=None, state='in_process', kind='inbound'):
        """Create a payment without an entry, as Enterprise accounting leaves them."""
        company = company or cls.company
        payment = cls.env['account.payment'].with_company(company).create({
            'payment_type': kind, 'partner_type': 'customer', 'partner_id': partner.id,
            'amount': amount, 'date': fields.Date.today(), 'company_id': company.id,
            'journal_id': cls.journal('bank', company).id})
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE account_payment SET state = %s, move_id = NULL WHERE id = %s",
            [state, payment.id])
        payment.invalidate_recordset()
        return payment

    # === READ === #

    def parts(self, partner=None, company=None):
        """Return {code: amount} of the module, without the zeros."""
        partner, company = partner or self.buyer, company or self.company
        parts = self.env['ar.credit.exposure']._get_exposures(company, partner.ids)
        return {code: round(float(amount), 2)
                for code, amount in parts.get(partner.id, {}).items() if round(amount, 2)}

    def exposure(self, partner=None, company=None):
        return round(sum(self.parts(partner, company).values()), 2)

    def oracle(self, partner, company):
        """Return {code: amount}, read one document after the other."""
        tree = self.env['res.company'].search([('id', 'child_of', company.root_id.id)])
        family = self.env['res.partner'].with_context(active_test=False).search([]).filtered(
            lambda p: p.commercial_partner_id == partner)
        parts = {'open_items': 0.0, 'credits': 0.0, 'in_process': 0.0, 'drafts': 0.0,
                 'orders': 0.0}
        for line in self.env['account.move.line'].search([
                ('partner_id', 'in', family.ids), ('company_id', 'in', tree.ids),
                ('parent_state', '=', 'posted')]):
            if (line.account_id.account_type != 'asset_receivable'
                    and line.account_id not in company.root_id.ar_doubtful_account_ids):
                continue
            residual = (line.balance + sum(line.matched_debit_ids.mapped('amount'))
                        - sum(line.matched_credit_ids.mapped('amount')))
            parts['open_items' if residual > 0 else 'credits'] += residual
        for payment in self.env['account.payment'].search([
                ('partner_id', 'in', family.ids), ('company_id', 'in', tree.ids)]):
            if payment.state in ('in_process', 'paid') and not payment.move_id:
                sign = -1 if payment.payment_type == 'inbound' else 1
                parts['in_process'] += sign * payment.currency_id._convert(
                    payment.amount, company.currency_id, payment.company_id, payment.date)
        for move in self.env['account.move'].search([
                ('partner_id', 'in', family.ids), ('company_id', 'in', tree.ids),
                ('state', '=', 'draft')]):
            if not move.is_sale_document(include_receipts=True):
                continue
            if company.ar_exposure_drafts or move.invoice_line_ids.sale_line_ids:
                parts['drafts'] += sum(move.line_ids.filtered(
                    lambda line: line.account_id.account_type == 'asset_receivable',
                ).mapped('balance'))
        for order in self.env['sale.order'].search([
                ('partner_invoice_id', 'in', family.ids), ('company_id', 'in', tree.ids)]):
            if order.state == 'sale' and not order.ar_closed:
                parts['orders'] += order.currency_id._convert(
                    max(sum(self.remaining(line) for line in order.order_line), 0),
                    company.currency_id, company, fields.Date.today(), round=False)
        return {code: amount for code, amount in parts.items() if round(amount, 2)}

    def remaining(self, line):
        """Return what an order line still has to be invoiced, from its invoice lines."""
        if line.display_type:
            return 0.0
        invoiced = amount = 0.0
        for item in line.invoice_lines:
            if item.move_id.state != 'cancel':
                sign = -1 if item.move_id.move_type == 'out_refund' else 1
                invoiced += sign * item.quantity
                amount += sign * item.price_total
        if not line.product_uom_qty:
            return -amount if line.is_downpayment else 0.0
        left = abs(line.product_uom_qty) - abs(invoiced)
        return line.price_total * max(left, 0.0) / abs(line.product_uom_qty)

    def assertSame(self, partner, company, note=''):
        expected, found = self.oracle(partner, company), self.parts(partner, company)
        for code in {*expected, *found}:
            self.assertAlmostEqual(
                expected.get(code, 0.0), found.get(code, 0.0), delta=0.011,
                msg=f"{note} {partner.name} {company.name} {code}: {expected} {found}")
        customer = self.account_of(partner, company)
        customer.invalidate_recordset()
        self.assertAlmostEqual(
            customer.exposure, sum(expected.values()), delta=0.05, msg="the sum of the parts")
        for few in (500, 0):
            with patch('odoo.addons.ar_collections.models.credit.exposure.FAMILY', few):
                total, _late, parts = self.env['ar.credit.exposure']._get_sums(
                    company, partner.ids).get(partner.id, (0.0, [], {}))
            self.assertAlmostEqual(
                total, sum(expected.values()), delta=0.05, msg=f"what is judged {few}")
            for code in {*expected, *parts}:
                self.assertAlmostEqual(
                    expected.get(code, 0.0), parts.get(code, 0.0), delta=0.011,
                    msg=f"{note} {partner.name} {code}, as judged {few}")


class BlockCommon(ExposureCommon):
    """A salesperson with a customer who may owe 1000, and one rule: over the limit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.companies.ar_credit_active = True
        cls.boss = cls.user('manager', 'boss', company_ids=[Command.set(cls.companies.ids)])
        cls.companies.ar_approver_id = cls.boss
        cls.seller = cls.user(
            'sales_team.group_sale_salesman_all_leads', 'seller')
        cls.env['ar.credit.rule'].search([]).active = False
        cls.over_limit = cls.rule('over_limit')
        cls.set_limit(1000)

    @classmethod
    def user(cls, role, login=None, **vals):
        user = super().user(role, login, **{k: v for k, v in vals.items() if k != 'company_ids'})
        if vals.get('company_ids'):
            user.company_ids = vals['company_ids']
        return user

    @classmethod
    def rule(cls, reason, decision='hold', **vals):
        return cls.env['ar.credit.rule'].create({'reason': reason, 'decision': decision, **vals})

    @classmethod
    def set_limit(cls, amount, partner=None, company=None):
        (partner or cls.buyer).with_company(company or cls.company).credit_limit = amount

    def rpc(self, records, name, *args, user=None, **context):
        """Call a method as the web client or an RPC client does."""
        self.env.flush_all()
        env = self.env(user=user or self.seller, su=False,
                       context={'allowed_company_ids': self.company.ids, **context})
        ids = [records.ids] if records.ids else []
        self.env.cr.cache.clear()
        return call_kw(env[records._name], name, [*ids, *args], {'context': dict(env.context)})

    def offer(self, amount=1500, partner=None, **vals):
        """Create a quotation of the salesperson."""
        return self.quote([(1, amount, False)], partner, confirm=False,
                          **{'user_id': self.seller.id, **vals})

    def assertHeld(self, order, *codes):
        self.assertEqual((order.state, order.ar_credit_state), ('draft', 'held'))
        if codes:
            self.assertEqual(order.ar_hold_ids[:1].reason_codes, str(list(codes)).replace("'", '"'))

    def refused(self, records, name, *args, **options):
        """The call is refused; access and validation errors are user errors too."""
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.rpc(records, name, *args, **options)
            self.env.flush_all()
        self.env.invalidate_all()
