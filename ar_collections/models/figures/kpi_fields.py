from odoo import fields


class KnownFloat(fields.Float):
    """Float that may be unknown: NULL reads as False and shows as nothing, never as zero.

    Rows with such a field are written by SQL: the ORM itself would store zero.
    """

    def convert_to_record(self, value, record):
        """EXTENDS base: unknown is not zero."""
        return False if value is None else super().convert_to_record(value, record)

    def convert_to_read(self, value, record, use_display_name=True):
        """EXTENDS base: unknown is not zero."""
        return value

    def convert_to_export(self, value, record):
        """EXTENDS base: an empty cell."""
        return '' if value is False else value


class KnownMonetary(fields.Monetary):
    """Monetary that may be unknown, see `KnownFloat`."""

    def convert_to_record(self, value, record):
        """EXTENDS base: unknown is not zero."""
        return False if value is None else super().convert_to_record(value, record)

    def convert_to_export(self, value, record):
        """EXTENDS base: an empty cell."""
        return '' if value is False else value
