from odoo import api, models
from odoo.tools.misc import format_date


class ReportOverdueNotice(models.AbstractModel):
    """The data pack of an overdue notice, on paper."""
    _name = 'report.ar_collections.report_ar_overdue_notice'
    _description = "Data pack of an overdue notice"

    @api.model
    def _get_report_values(self, docids, data=None):
        notices = self.env['ar.overdue.notice'].browse(docids)
        notices.check_access('read')
        return {
            'doc_ids': docids, 'doc_model': 'ar.overdue.notice',
            'docs': [self._get_document(notice) for notice in notices],
            'logo_style': self.env['ar.letter']._get_logo_style(notices.company_id),
        }

    @api.model
    def _get_document(self, notice):
        """Return one pack, in the language of the insurer, else of the company."""
        company, lang = notice.company_id, notice._get_pack_lang()
        notice = notice.with_context(lang=lang)
        pack = notice._get_pack()
        Letter = notice.env['ar.letter']

        def text(pairs):
            return [(label, notice._format_pack_value(value, lang)) for label, value in pairs]

        return {
            'lang': lang, 'head': Letter._get_head(company, lang), 'name': notice.name,
            'place': Letter._get_place_and_date(company, company._get_ar_today(), lang),
            'sent': format_date(notice.env, notice.sent_on, lang_code=lang)
            if notice.sent_on else '',
            'reference': notice.reference,
            **{part: text(pack[part]) for part in ('policy', 'buyer', 'cover', 'debt')},
            'heads': pack['heads'],
            'rows': [[notice._format_pack_value(value, lang) for value in row]
                     for row in pack['rows']],
            'steps': (notice.steps_taken or '').splitlines(), 'note': pack['note'],
        }
