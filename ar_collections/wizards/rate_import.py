import base64
import csv
import io
from datetime import date
from decimal import Decimal, InvalidOperation

from odoo import fields, models
from odoo.exceptions import UserError

from ..models.law.reference_rate import REFERENCES
from ..tools.interest_rules import Rate
from ..tools.reference_rates import check_rates, half_year_of

COLUMNS = ('reference', 'date_from', 'value', 'source')


class ArRateImport(models.TransientModel):
    """Reference rates from a CSV file, checked against each other before anything is written."""
    _name = 'ar.rate.import'
    _description = "Import reference rates"

    file = fields.Binary(
        required=True, attachment=False,
        help="Columns: reference, date_from, date_to (empty: end of that half-year), value, "
             "source. Separator: comma or semicolon; decimals with a point or a comma.")
    filename = fields.Char()
    findings = fields.Text(readonly=True)
    has_errors = fields.Boolean(readonly=True)
    row_count = fields.Integer(readonly=True)
    checked = fields.Boolean(readonly=True)

    # === ACTIONS === #

    def action_check(self):
        """Read the file and say what does not fit, without writing anything."""
        self.ensure_one()
        self._check_rights()
        rows = self._read_rows()
        Reference = self.env['ar.reference.rate']
        new = {(row.reference, row.date_from): row for row in rows}
        known = [rate for rate in Reference.search(fields.Domain.TRUE)._to_rates()
                 if (rate.reference, rate.date_from) not in new]
        findings = [
            finding for finding in check_rates([*known, *rows])
            if {(r.reference, r.date_from) for r in (finding.rate, finding.other) if r} & set(new)]
        self.write({
            'checked': True, 'row_count': len(rows),
            'has_errors': any(f.code not in ('gap', 'jump') for f in findings),
            'findings': "\n".join(Reference._describe_finding(f) for f in findings) or False,
        })
        return self._reopen()

    def action_import(self):
        """Write the rows; refused while something contradicts itself."""
        self.ensure_one()
        self._check_rights()
        self.action_check()
        if self.has_errors:
            raise UserError(self.env._(
                "Nothing was imported: the file contradicts itself or the rates known.\n%s",
                self.findings))
        Reference = self.env['ar.reference.rate']
        today = fields.Date.context_today(self)
        imported = Reference
        for row in self._read_rows():
            vals = {
                'reference': row.reference, 'date_from': row.date_from, 'date_to': row.date_to,
                'value': float(row.value), 'source': row.source, 'read_on': today,
                'evidence': 'primary', 'state': 'confirmed', 'confirmed_by_id': self.env.uid,
                'confirmed_on': today,
            }
            old = Reference.search([
                ('reference', '=', row.reference), ('date_from', '=', row.date_from)])
            if old:
                old.write(vals)
                imported |= old
            else:
                imported |= Reference.create(vals)
        action = self.env['ir.actions.act_window']._for_xml_id(
            'ar_collections.ar_reference_rate_action')
        action['domain'] = [('id', 'in', imported.ids)]
        return action

    def _check_rights(self):
        self.env['ar.reference.rate'].check_access('create')

    def _reopen(self):
        return {
            'type': 'ir.actions.act_window', 'res_model': self._name, 'res_id': self.id,
            'view_mode': 'form', 'target': 'new',
        }

    # === READING === #

    def _read_rows(self):
        """Return the rows of the file as `Rate`.

        :raise UserError: naming the line that cannot be read
        """
        try:
            text = base64.b64decode(self.file).decode('utf-8-sig')
        except UnicodeDecodeError as error:
            raise UserError(self.env._("The file is not UTF-8 text.")) from error
        separator = ';' if text.count(';') > text.count(',') else ','
        reader = csv.DictReader(io.StringIO(text), delimiter=separator)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise UserError(self.env._("Columns are missing: %s", ", ".join(missing)))
        rows = [self._read_row(number, row) for number, row in enumerate(reader, start=2)]
        if not rows:
            raise UserError(self.env._("The file has no rows."))
        return rows

    def _read_row(self, number, row):
        try:
            reference = row['reference'].strip()
            if reference not in dict(REFERENCES):
                raise KeyError(reference)
            first = date.fromisoformat(row['date_from'].strip())
            last = (row.get('date_to') or '').strip()
            source = (row['source'] or '').strip()
            if not source:
                raise ValueError(self.env._("a rate needs its source"))
            return Rate(
                reference, first, date.fromisoformat(last) if last else half_year_of(first)[1],
                Decimal(row['value'].strip().replace(',', '.')), source)
        except (KeyError, ValueError, AttributeError, InvalidOperation) as error:
            raise UserError(self.env._(
                "Line %(number)s cannot be read: %(error)s", number=number, error=error,
            )) from error
