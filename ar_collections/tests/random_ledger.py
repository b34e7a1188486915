"""A random ledger, and a slow oracle that reads it in plain Python.

The oracle knows nothing of residuals, of `max_date` or of our SQL: it takes posted lines and the
partials that join them, and asks of each partial whether both of its lines existed on the day.
"""
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from odoo import Command

from .credit_common import ExposureCommon

FIRST, LAST = date(2025, 6, 1), date(2026, 5, 31)


def day_between(rng, first=FIRST, last=LAST):
    """Return a random day."""
    return first + timedelta(days=rng.randrange((last - first).days + 1))


class RandomLedgerCommon(ExposureCommon):
    """Three companies, a doubtful account, customers in a group, entries matched at random."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.doubtful = cls.env['account.account'].create({
            'name': "Doubtful customers", 'code': '416000', 'account_type': 'asset_current',
            'reconcile': True, 'company_ids': [Command.set(cls.company.ids)]})
        cls.company.ar_doubtful_account_ids = cls.doubtful
        group = cls.customer("Holding")
        below = cls.customer("Subsidiary", parent_id=group.id, is_company=True)
        contact = cls.customer("Contact", parent_id=cls.buyer.id)
        cls.partners = group | below | contact | cls.customer("Alone") | cls.customer("Quiet")

    @classmethod
    def make_ledger(cls, seed, size=30):
        """Book and match ``size`` entries per company; the same seed gives the same ledger."""
        rng = random.Random(seed)
        for company in cls.companies:
            moves = cls.env['account.move'].with_company(company).create([
                cls._entry_vals(rng, company) for _turn in range(size)])
            (moves - moves.filtered(lambda move: rng.random() < 0.05)).action_post()
            for _turn in range(size):
                cls._match_some(rng, company)
        cls.env.flush_all()

    @classmethod
    def _entry_vals(cls, rng, company):
        journal = cls.journal('general', company)
        accounts = [cls.buyer.with_company(company).property_account_receivable_id]
        if company in (cls.company, cls.branch):
            accounts.append(cls.doubtful)
        day = day_between(rng)
        currency = rng.choice(list(cls.currencies.values()))
        rate = currency._get_conversion_rate(currency, company.currency_id, company, day)
        partner = rng.choice([*cls.partners, None])
        account = accounts[-1] if rng.random() < 0.15 else accounts[0]
        sign = 1 if rng.random() < 0.6 else -1
        lines, total = [], 0
        for _part in range(rng.choice((1, 1, 1, 2, 3))):
            amount = sign * rng.randrange(1, 100_000) / 100
            balance = company.currency_id.round(amount * rate)
            total += balance
            lines.append(Command.create({
                'account_id': account.id, 'partner_id': partner and partner.id,
                'currency_id': currency.id, 'amount_currency': amount, 'balance': balance,
                'date_maturity': day + timedelta(days=rng.randrange(90))}))
        income = cls.journal('sale', company).default_account_id
        lines.append(Command.create({'account_id': income.id, 'balance': -total}))
        return {'move_type': 'entry', 'date': day, 'company_id': company.id,
                'journal_id': journal.id, 'line_ids': lines}

    @classmethod
    def _match_some(cls, rng, company):
        """Match one debit with one or two credits of the same partner and account, if any."""
        lines = cls.env['account.move.line'].search([
            ('company_id', '=', company.id), ('parent_state', '=', 'posted'),
            ('reconciled', '=', False), ('account_id.reconcile', '=', True),
            ('account_id', 'in', company._get_ar_exposure_account_ids())], order='id')
        debits = lines.filtered(lambda line: line.amount_residual > 0)
        if not debits:
            return
        debit = rng.choice(list(debits))
        credits = lines.filtered(
            lambda line: line.amount_residual < 0 and line.account_id == debit.account_id
            and line.partner_id == debit.partner_id)
        if credits:
            chosen = debit.union(*rng.sample(list(credits), min(len(credits), rng.choice((1, 2)))))
            chosen.reconcile()

    # === ORACLE === #

    def read_ledger(self, companies):
        """Return the lines and partials of these companies, as plain values."""
        account_ids = {
            company.id: set(company._get_ar_exposure_account_ids()) for company in companies}
        lines = [
            line for line in self.env['account.move.line'].search([
                ('company_id', 'in', companies.ids), ('parent_state', '=', 'posted')])
            if line.account_id.id in account_ids[line.company_id.id]]
        rows = {
            line.id: {
                'id': line.id, 'company': line.company_id.id, 'account': line.account_id.id,
                'partner': line.partner_id.commercial_partner_id.id or None,
                'currency': line.currency_id.id, 'date': line.date,
                'due': line.date_maturity or line.date,
                'balance': Decimal(str(line.balance)),
                'amount_currency': Decimal(str(line.amount_currency)),
            } for line in lines}
        partials = [
            (part.debit_move_id.id, part.credit_move_id.id,
             max(part.debit_move_id.date, part.credit_move_id.date), Decimal(str(part.amount)),
             Decimal(str(part.debit_amount_currency)), Decimal(str(part.credit_amount_currency)))
            for part in self.env['account.partial.reconcile'].search([])]
        return rows, partials

    def open_at(self, ledger, day):
        """Return {line id: (residual, residual in currency)} of what was open at the end of a day.

        :param ledger: as returned by `read_ledger`
        """
        rows, partials = ledger
        residuals = {
            row['id']: [row['balance'], row['amount_currency']]
            for row in rows.values() if row['date'] <= day}
        for debit, credit, date_both, amount, debit_currency, credit_currency in partials:
            if date_both <= day:
                if debit in residuals:
                    residuals[debit][0] -= amount
                    residuals[debit][1] -= debit_currency
                if credit in residuals:
                    residuals[credit][0] += amount
                    residuals[credit][1] += credit_currency
        return {key: tuple(value) for key, value in residuals.items() if any(value)}

    def age(self, ledger, day, credits='column'):
        """Return {(company, partner): [amount per bucket..., credits]} by due date, item by item.

        With the six buckets that come with the module.
        """
        rows, _partials = ledger
        items = [[rows[key], value[0]] for key, value in self.open_at(ledger, day).items()]
        if credits == 'oldest':
            self._match_oldest(items)
        result = defaultdict(lambda: [Decimal(0)] * 7)
        for row, amount in items:
            late = (day - row['due']).days
            place = 6 if amount < 0 and credits != 'own' else sum(
                late > limit for limit in (0, 30, 60, 90, 120))
            result[row['company'], row['partner']][place] += amount
        return {key: value for key, value in result.items() if any(value)}

    @staticmethod
    def _match_oldest(items):
        """Take credits from debits, both oldest first, until one of them is used up."""
        parties = defaultdict(list)
        for item in items:
            row = item[0]
            if row['partner']:
                parties[row['company'], row['account'], row['partner'], row['currency']].append(
                    item)
        for party in parties.values():
            party.sort(key=lambda item: (item[0]['due'], item[0]['id']))
            for credit in [item for item in party if item[1] < 0]:
                for debit in [item for item in party if item[1] > 0]:
                    taken = min(-credit[1], debit[1])
                    credit[1] += taken
                    debit[1] -= taken
