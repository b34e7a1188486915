from odoo import fields


class UnkeyedMany2one(fields.Many2one):
    """Many2one without a foreign key, for rows written by the ten thousand in one statement.

    PostgreSQL checks each foreign key row by row: on the items of a dunning run those checks cost
    more than everything else together. Use it only for a copy of what another column of the same
    row guarantees already, or where the target is never deleted.
    """

    def update_db_foreign_key(self, model, column):
        """OVERRIDE base: none."""
