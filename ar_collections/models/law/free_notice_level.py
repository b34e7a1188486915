import re

from odoo import api, fields, models
from odoo.tools import html2plaintext

# A number of days that a text gives by itself; what the law counts is printed by the notice.
TERM = re.compile(r'\b\d+\s+(?:days|jours)\b')


class ArDunningLevel(models.Model):
    """EXTENDS dunning: a free notice gives the days of the law, and no other days beside them.

    Hoge Raad, 25 November 2016, ECLI:NL:HR:2016:2704: when the time is told wrong, the cost of
    collection is not owed.
    """
    _inherit = 'ar.dunning.level'

    notice_term_warning = fields.Char(compute='_compute_notice_term_warning')

    @api.depends('interest_mode', 'mail_template_id', 'letter_body')
    @api.depends_context('lang')
    def _compute_notice_term_warning(self):
        """Quote the days that the texts of a level name although it serves as a free notice."""
        for level in self:
            # sudo: templates are written by administrators.
            texts = (level.mail_template_id.sudo().body_html, level.letter_body)
            found = [term for text in texts if text and level.interest_mode == 'notice'
                     for term in TERM.findall(html2plaintext(text))]
            level.notice_term_warning = bool(found) and self.env._(
                "The text of this level names “%s”, and the free notice counts the days of the "
                "law: a customer who reads two times may owe no cost at all. Choose a template "
                "and a letter without days.", found[0])
