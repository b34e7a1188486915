from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_date


class ResCompany(models.Model):
    """A warning before the last known half-year ends, once a month, to who approves."""
    _inherit = 'res.company'

    ar_rates_watched_on = fields.Date(string="Reference rates watched on", readonly=True)
    ar_rate_activity_id = fields.Many2one('mail.activity', readonly=True, ondelete='set null')
    ar_rate_warning_days = fields.Integer(
        string="Warn before the rates end (days)", default=30,
        help="Days before the end of the last half-year whose reference rate is known.")

    @api.model
    def _cron_ar_rate_watch(self):
        """Scheduled action: tell who approves which rates and rules must be read again."""
        companies = self.search([('active', '=', True)])
        self.env['ir.cron']._commit_progress(remaining=len(companies))
        for company in companies:
            company._ar_watch_rates()
            if not self.env['ir.cron']._commit_progress(1):
                break

    def _ar_watch_rates(self):
        """Plan one activity with the list; a second call on the same day does nothing."""
        self.ensure_one()
        today = self._get_ar_today()
        if self.ar_rates_watched_on == today:
            return
        self.ar_rates_watched_on = today
        approver = self.ar_approver_id or self._get_ar_responsible()
        company = self.with_context(lang=approver.lang)
        rows = company._get_ar_rate_warnings(today)
        # sudo: the activity may be that of another user.
        self.sudo().ar_rate_activity_id.filtered('active').unlink()
        if not rows:
            return
        items = Markup().join(
            Markup("<li>%s: %s</li>") % (regime._get_html_link(title=regime.name), text)
            for regime, text in rows)
        summary = company.env._("Reference rates to enter: %s", len(rows))
        self.sudo().ar_rate_activity_id = self.env['mail.activity'].sudo().create({
            'activity_type_id': self.env.ref('ar_collections.mail_activity_type_rate').id,
            'user_id': approver.id, 'date_deadline': today,
            'summary': f"{summary} ({self.name})",
            'note': Markup("<p>%s</p><ul>%s</ul>") % (company.env._(
                "Without them no interest can be computed after these days."), items),
        })

    def _get_ar_rate_warnings(self, today):
        """Return the rates in use that end soon or have ended: [(record, text)].

        In use: a confirmed rule of the countries with which this company has to do. Also a hook
        for a cockpit.

        :param date today: day of the company
        """
        self.ensure_one()
        limit = fields.Date.add(today, days=self.ar_rate_warning_days)
        regimes = self.env['ar.legal.regime'].sudo().search([
            ('state', '=', 'confirmed'), ('rate_kind', '=', 'reference'),
            ('country_id', 'in', self._get_ar_law_countries().ids)])
        Rate = self.env['ar.reference.rate'].sudo()
        rows = []
        used = regimes.grouped('reference')
        for regime in regimes.filtered('floor_reference'):
            used.setdefault(regime.floor_reference, regime)
        for reference, users in used.items():
            last = Rate._get_last_known(reference)
            if last is not None and last > limit:
                continue
            rows.append((users[:1], self.env._(
                "known until %s", format_date(self.env, last)) if last
                else self.env._("no confirmed figure at all")))
        return rows

    def _get_ar_law_countries(self):
        """Return the countries whose law this company's claims follow: its own, and those of its
        customers who are consumers or public bodies."""
        self.ensure_one()
        return self.country_id
