from odoo import fields
from odoo.tools import SQL


class UnkeyedMany2one(fields.Many2one):
    """Many2one without a foreign key, for rows written by the ten thousand in one statement.

    PostgreSQL checks each foreign key row by row: on the items of a dunning run those checks cost
    more than everything else together. Use it only for a copy of what another column of the same
    row guarantees already, where the target is never deleted, or where `unlink` of the target
    takes care of these rows.
    """

    def update_db_foreign_key(self, model, column):
        """OVERRIDE base: none; one of an earlier version goes."""
        rows = model.env.execute_query(SQL(
            """
            SELECT link.conname
              FROM pg_constraint link
              JOIN pg_attribute col ON col.attrelid = link.conrelid AND col.attnum = link.conkey[1]
             WHERE link.contype = 'f' AND link.conrelid = %s::regclass AND col.attname = %s
            """, model._table, self.name))
        for name, in rows:
            model.env.cr.execute(SQL("ALTER TABLE %s DROP CONSTRAINT %s",
                                     SQL.identifier(model._table), SQL.identifier(name)))
