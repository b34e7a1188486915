"""Computed fields that say by themselves whether lists can sort and group by them.

Odoo finds it out by building a query, each time it describes a model; it describes
`account.move.line` whenever an invoice is posted or paid. `test_dunning_fields` holds what is said
here against what Odoo finds out.
"""
from odoo import fields


class Plain:
    """Without an expression in SQL: not sorted, grouped or added up by the database."""

    def _description_sortable(self, env):
        return False

    def _description_groupable(self, env):
        return False

    def _description_aggregator(self, env):
        return None


class Groupable:
    """With an expression in SQL, given by `_field_to_sql` of the model."""

    def _description_sortable(self, env):
        return True

    def _description_groupable(self, env):
        return True


class PlainChar(Plain, fields.Char):
    pass


class PlainDate(Plain, fields.Date):
    pass


class PlainInteger(Plain, fields.Integer):
    pass


class PlainMany2one(Plain, fields.Many2one):
    pass


class PlainMonetary(Plain, fields.Monetary):
    pass


class PlainSelection(Plain, fields.Selection):
    pass


class GroupableDate(Groupable, fields.Date):
    pass


class GroupableMany2one(Groupable, fields.Many2one):
    pass
