from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import SQL

from ..tools.prepared import execute_prepared
from .credit_common import BlockCommon


@tagged('post_install', '-at_install')
class TestCreditPrepared(BlockCommon):
    """The statements of a decision: prepared once for each connection, no more than needed."""

    def test_plans_are_kept_from_the_second_answer_of_a_transaction_on(self):
        """One click prepares nothing; a pooler may hand over another connection in between."""
        self.account_of()
        self.env.cr.execute("DEALLOCATE ALL")
        plans = []
        for deallocate in (False, False, True):
            if deallocate:
                self.env.cr.execute("DEALLOCATE ALL")
            # As after a commit: what is known of the connection is forgotten.
            self.env.cr.postrollback.run()
            for prepared in (len(plans[-1]) if plans and not deallocate else 0, 2, 2):
                good, bad = self.offer(10), self.offer(1500)
                held = (good | bad)._hold_offenders() if prepared < 2 else (
                    good._hold_offenders() | bad._hold_offenders())
                self.assertEqual(held, bad)
                self.env.cr.execute("SHOW plan_cache_mode")
                self.assertEqual(self.env.cr.fetchone(), ('auto',))
                self.env.cr.execute(
                    "SELECT name, generic_plans FROM pg_prepared_statements ORDER BY name")
                found = dict(self.env.cr.fetchall())
                self.assertEqual(len(found), prepared)
            plans.append(found)
        first, second, third = plans
        self.assertEqual(first.keys(), second.keys(), "prepared once for each connection")
        self.assertTrue(all(second[name] > count for name, count in first.items()))
        self.assertEqual(first, third)

    def test_what_cannot_be_prepared_runs_as_it_is(self):
        for _turn in range(3):
            self.assertEqual(
                execute_prepared(self.env, SQL("SHOW server_encoding")), [('UTF8',)])
        query = SQL("SELECT %s::int + %s, 'a%%' LIKE %s", 1, 2.5, 'a%')
        for _turn in range(3):
            self.assertEqual(
                [(float(total), like) for total, like in execute_prepared(self.env, query)],
                [(3.5, True)])

    def test_who_has_nothing_special_is_read_with_the_lock(self):
        """Ordinary customers need no query of their own; whatever else there is is still read."""
        Decision = self.env.registry['ar.credit.decision']
        asked, plain = [], Decision._get_facts_query

        def count(model, company, partners, *args):
            asked.append(partners)
            return plain(model, company, partners, *args)

        with patch.object(Decision, '_get_facts_query', count):
            good, bad = self.offer(10), self.offer(1500)
            self.account_of()
            self.assertEqual((good | bad)._hold_offenders(), bad)
            self.assertFalse(asked)
            self.env['ar.credit.guarantee'].create({
                'name': "Bank", 'customer_id': self.account_of().id, 'amount': 100,
                'date_from': '2020-01-01'})
            good, bad = self.offer(10), self.offer(1600)
            self.assertEqual((good | bad)._hold_offenders(), bad)
            self.assertEqual(asked, [self.buyer])
        check = self.env['ar.credit.check'].search([('order_id', '=', good.id)])
        self.assertEqual(check.figures['covered'], 100)

    def test_a_confirmation_writes_the_lines_once(self):
        """Odoo alone writes what is to be invoiced and the status in two statements."""
        order = self.offer(1)
        self.env.flush_all()
        written, execute = [], type(self.env.cr).execute

        def count(cr, query, *args, **kwargs):
            text = query.code if isinstance(query, SQL) else str(query)
            if 'UPDATE "sale_order_line"' in text:
                written.append(text)
            return execute(cr, query, *args, **kwargs)

        with patch.object(type(self.env.cr), 'execute', count):
            order.action_confirm()
            self.env.flush_all()
        self.assertEqual(len(written), 1)
        line = order.order_line
        self.assertEqual(line.untaxed_amount_to_invoice, line.price_subtotal)
        self.assertEqual(line.invoice_status, 'to invoice')
