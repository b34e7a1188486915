from odoo import api, models
from odoo.tools.misc import format_date


class ReportCoverRequest(models.AbstractModel):
    """The data pack of a cover request, on paper."""
    _name = 'report.ar_collections.report_ar_cover_request'
    _description = "Data pack of a cover request"

    @api.model
    def _get_report_values(self, docids, data=None):
        requests = self.env['ar.cover.request'].browse(docids)
        requests.check_access('read')
        return {
            'doc_ids': docids, 'doc_model': 'ar.cover.request',
            'docs': [self._get_document(request) for request in requests],
            'logo_style': self.env['ar.letter']._get_logo_style(requests.company_id),
        }

    @api.model
    def _get_document(self, request):
        """Return one pack, in the language of the insurer, else of the company."""
        company, lang = request.company_id, request._get_pack_lang()
        request = request.with_context(lang=lang)
        pack = request._get_pack()
        Letter = request.env['ar.letter']
        return {
            'lang': lang, 'head': Letter._get_head(company, lang), 'name': request.name,
            'place': Letter._get_place_and_date(company, company._get_ar_today(), lang),
            'asked_on': format_date(request.env, request.asked_on, lang_code=lang)
            if request.asked_on else '',
            'reference': request.insurer_reference,
            'parts': [[(label, request._format_pack_value(value, lang))
                       for label, value in pack[part]]
                      for part in ('policy', 'buyer', 'asked', 'cover', 'trade') if pack[part]],
        }
