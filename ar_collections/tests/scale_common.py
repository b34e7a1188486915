"""A thousand customers in a second, and a counter of queries."""
from contextlib import contextmanager

from .common import CollectionsCommon


class ScaleCommon(CollectionsCommon):
    """One customer with a few open items, that can be multiplied."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number, due in enumerate(('2026-05-26', '2026-05-10', '2026-06-03')):
            cls.invoice(100 + number, due=due)
        cls.credit_note(5, '2026-05-20')

    def columns(self, table, alias=None):
        """Return the columns that a copy takes over as they are."""
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
            " AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'partner_id', 'move_id',"
            " 'commercial_partner_id', 'name', 'sequence_number', 'access_token', 'email',"
            " 'email_normalized')", [table])
        prefix = f'{alias}.' if alias else ''
        return ", ".join(f'{prefix}"{row[0]}"' for row in self.env.cr.fetchall())

    def multiply(self, count):
        """Copy the customer with its open items, in SQL: the ORM would take minutes."""
        self.env.flush_all()
        self.env.cr.execute(
            f"INSERT INTO res_partner ({self.columns('res_partner')}, name, email,"
            "                         email_normalized)"
            f" SELECT {self.columns('res_partner', 'source')}, 'Copy ' || n,"
            "         'c' || n || '@example.com', 'c' || n || '@example.com'"
            "   FROM res_partner source, generate_series(1, %s) n WHERE source.id = %s"
            " RETURNING id", [count, self.buyer.id])
        ids = [row[0] for row in self.env.cr.fetchall()]
        self.env.cr.execute(
            "UPDATE res_partner SET commercial_partner_id = id WHERE id = ANY(%s)", [ids])
        self.env.cr.execute(
            f"INSERT INTO account_move ({self.columns('account_move')}, name, partner_id,"
            "                          commercial_partner_id)"
            f" SELECT {self.columns('account_move', 'source')}, source.name || '-' || p.id, p.id,"
            "         p.id"
            "   FROM account_move source, unnest(%s) p (id)"
            "  WHERE source.commercial_partner_id = %s", [ids, self.buyer.id])
        self.env.cr.execute(
            f"INSERT INTO account_move_line ({self.columns('account_move_line')}, name,"
            "                               partner_id, move_id)"
            f" SELECT {self.columns('account_move_line', 'source')}, source.name,"
            "         copy.partner_id, copy.id"
            "   FROM account_move_line source JOIN account_move m ON m.id = source.move_id"
            "   JOIN account_move copy ON copy.partner_id = ANY(%s)"
            "    AND copy.name = m.name || '-' || copy.partner_id"
            "  WHERE m.commercial_partner_id = %s", [ids, self.buyer.id])
        self.env.invalidate_all()
        self.env.cr.execute("ANALYZE account_move_line, account_move, res_partner")
        return ids

    @contextmanager
    def counted(self, counts):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        yield
        self.env.flush_all()
        counts.append(self.env.cr.sql_log_count - before)
