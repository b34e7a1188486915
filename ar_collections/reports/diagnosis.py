from odoo import api, models
from odoo.tools.misc import format_date

STEP_COLORS = {
    'step_delivery': '#8c9bb0', 'step_invoicing': '#c9822f', 'step_sending': '#dcae4a',
    'step_terms': '#b9c4d0', 'step_late': '#b23b3b',
}


class ReportDiagnosis(models.AbstractModel):
    """Six pages for a finance director, from the lines of the dialog."""
    _name = 'report.ar_collections.report_ar_diagnosis'
    _description = "Diagnosis of receivables"

    @api.model
    def _get_report_values(self, docids, data=None):
        wizards = self.env['ar.diagnosis.wizard'].browse(docids)
        wizards.check_access('read')
        return {
            'doc_ids': docids, 'doc_model': 'ar.diagnosis.wizard',
            'docs': [self._get_document(wizard) for wizard in wizards],
            'logo_style': self.env['ar.letter']._get_logo_style(wizards.company_id),
        }

    @api.model
    def _get_document(self, wizard):
        lines = wizard.line_ids.grouped('section')
        sections = {
            section: [self._get_row(wizard, line) for line in found]
            for section, found in lines.items()
        }
        for rows in sections.values():
            self._add_bars(rows)
        # sudo: name and address of the company stand on every document.
        company = wizard.company_id.sudo()
        lang = self.env.lang or 'en_US'
        return {
            'head': self.env['ar.letter']._get_head(company, lang),
            'company': company.name, 'sections': sections,
            'from': format_date(self.env, wizard.date_from),
            'to': format_date(self.env, wizard.date_to),
            'today': format_date(self.env, company._get_ar_today()),
            'rate': wizard._percent(wizard.cost_rate),
            'tiles': self._get_tiles(sections), 'chain': self._get_chain(wizard, sections),
            'levers': self._get_levers(wizard, sections),
        }

    @api.model
    def _get_row(self, wizard, line):
        return {
            'code': line.code, 'name': line.name, 'value': line.value,
            'count': f"{line.count:,}".replace(',', '\u202f') if line.count else '',
            'amount': wizard._money(line.amount) if line.amount else '',
            'days': wizard._days(line.days) if line.days else '',
            'share': wizard._percent(line.share) if line.share else '',
            'cash': wizard._money(line.cash) if line.cash else '',
            'explanation': line.explanation or '', 'raw_amount': line.amount,
            'raw_days': line.days, 'raw_cash': line.cash, 'raw_count': line.count,
        }

    @api.model
    def _add_bars(self, rows):
        """Give each row the width of its bar, in percent of the longest one."""
        for key, name in (('raw_amount', 'amount_bar'), ('raw_days', 'days_bar')):
            longest = max((row[key] for row in rows), default=0)
            for row in rows:
                row[name] = round(100 * max(row[key], 0) / longest) if longest > 0 else 0

    @api.model
    def _get_tiles(self, sections):
        """Return the four figures of the first page."""
        wanted = (2, 6, 7, 9)
        summary = sections.get('summary', [])
        return [summary[index] for index in wanted if index < len(summary)]

    @api.model
    def _get_chain(self, wizard, sections):
        """Return the steps from order to cash as parts of one bar."""
        steps = [row for row in sections.get('steps', []) if row['raw_days'] > 0]
        total = sum(row['raw_days'] for row in steps)
        parts = [{
            **row, 'width': round(100 * row['raw_days'] / total, 1),
            'color': STEP_COLORS.get(row['code'], '#999999'),
        } for row in steps] if total else []
        return {'parts': parts, 'total': wizard._days(total)}

    @api.model
    def _get_levers(self, wizard, sections):
        """Return what could be freed, the largest first: (label, amount)."""
        steps = {row['code']: row for row in sections.get('steps', [])}
        summary = {row['code']: row for row in sections.get('summary', [])}
        leaks = {row['code']: row for row in sections.get('leaks', [])}
        levers = [
            (self.env._("Invoice on the day of the delivery"),
             steps.get('step_invoicing', {}).get('raw_cash', 0)),
            (self.env._("Send the invoice on its own date"),
             steps.get('step_sending', {}).get('raw_cash', 0)),
            (self.env._("Collect what is overdue"),
             summary.get('overdue', {}).get('raw_amount', 0)),
            (self.env._("Invoice what is delivered"),
             leaks.get('not_invoiced', {}).get('raw_amount', 0)),
            (self.env._("Post the drafts that wait"),
             leaks.get('old_drafts', {}).get('raw_amount', 0)),
        ]
        levers = sorted((one for one in levers if one[1] > 0), key=lambda one: -one[1])
        longest = max((amount for _label, amount in levers), default=0)
        return [{'name': label, 'amount': wizard._money(amount),
                 'bar': round(100 * amount / longest)} for label, amount in levers]
