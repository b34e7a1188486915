from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL, format_date, html2plaintext

from ...tools.reference_rates import find_last_known


class ResCompany(models.Model):
    """A warning months before the last known half-year ends, to who approves."""
    _inherit = 'res.company'

    ar_rates_watched_on = fields.Date(string="Reference rates watched on", readonly=True)
    ar_rate_activity_id = fields.Many2one('mail.activity', readonly=True, ondelete='set null')
    ar_rate_warning_days = fields.Integer(
        string="Warn before the rates end (days)", default=90,
        help="Days before the end of the last half-year whose reference rate is known.")

    @api.model
    def _cron_ar_rate_watch(self):
        """Scheduled action: tell who approves which rates and rules must be read again."""
        companies = self.search([('active', '=', True)])
        self.env['ir.cron']._ar_work_through(companies, type(self)._ar_watch_rates)

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
        before = self.sudo().ar_rate_activity_id.filtered('active')
        if not rows:
            before.unlink()
            return
        items = Markup().join(
            Markup("<li>%s: %s</li>") % (
                regime._get_html_link(title=regime.display_name), text)
            for regime, text in rows)
        summary = company.env._("Reference rates to enter: %s", len(rows))
        note = Markup("<p>%s</p><ul>%s</ul>") % (company.env._(
            "Without them no interest can be computed after these days."), items)
        if before.user_id == approver and html2plaintext(before.note) == html2plaintext(note):
            # Nothing new: one activity for months, not one message a day.
            return
        before.unlink()
        self.sudo().ar_rate_activity_id = self.env['mail.activity'].sudo().create({
            'activity_type_id': self.env.ref('ar_collections.mail_activity_type_rate').id,
            'user_id': approver.id, 'date_deadline': today,
            'summary': f"{summary} ({self.name})", 'note': note,
        })

    def _get_ar_rate_warnings(self, today):
        """Return the rates in use that end soon or have ended: [(record, text)].

        :param date today: day of the company
        """
        return [(regime, self.env._("known until %s", format_date(self.env, last)) if last
                 else self.env._("no confirmed figure at all"))
                for regime, last in self._get_ar_ending_references(today).values()]

    def _get_ar_ending_references(self, today):
        """Return {reference: (who uses it, last known day or None)} of what ends soon.

        In use: by a confirmed rule with which this company has to do, or by a contract.

        :param date today: day of the company
        """
        self.ensure_one()
        limit = fields.Date.add(today, days=self.ar_rate_warning_days)
        used = {}
        regimes = self._get_ar_law_regimes().filtered(lambda r: r.rate_kind == 'reference')
        for name in ('reference', 'floor_reference'):
            for regime in regimes.filtered(name):
                used.setdefault(regime[name], regime)
        for reference, customer in self._get_ar_contract_references().items():
            used.setdefault(reference, customer)
        rates = self.env['ar.reference.rate']._get_rates(used)
        known = {reference: find_last_known(rates, reference) for reference in used}
        return {reference: (regime, known[reference]) for reference, regime in used.items()
                if known[reference] is None or known[reference] <= limit}

    def _get_ar_law_regimes(self):
        """Return the confirmed rules that this company's claims follow.

        Those of its own country; of the countries of its customers who are consumers or public
        bodies, which keep their own law (see `ar.customer._get_laws`); and those chosen on a
        customer. Two queries for any number of customers.
        """
        self.ensure_one()
        self.env['ar.customer'].flush_model(['company_id', 'partner_id', 'debtor_kind',
                                             'regime_id', 'active'])
        self.env['res.partner'].flush_model(['country_id'])
        rows = self.env.execute_query(SQL(
            """
            SELECT DISTINCT c.regime_id, CASE WHEN c.regime_id IS NULL THEN c.debtor_kind END,
                   CASE WHEN c.regime_id IS NULL THEN p.country_id END
              FROM ar_customer c JOIN res_partner p ON p.id = c.partner_id
             WHERE c.company_id = %s AND c.active
               AND (c.regime_id IS NOT NULL OR c.debtor_kind IN ('consumer', 'public'))
            """, self.id))
        domain = fields.Domain('country_id', '=', self.country_id.id) | fields.Domain(
            'id', 'in', [regime_id for regime_id, _kind, _country in rows if regime_id])
        for kind in ('consumer', 'public'):
            bound = fields.Domain('debtor', '=', kind)
            if kind == 'public':
                bound |= fields.Domain('also_public', '=', True)
            domain |= bound & fields.Domain('country_id', 'in', [
                country_id for _regime, found, country_id in rows
                if found == kind and country_id])
        # sudo: the law is no secret.
        return self.env['ar.legal.regime'].sudo().search(
            domain & fields.Domain('state', '=', 'confirmed'))


class ArCockpit(models.AbstractModel):
    """EXTENDS figures: the rates that somebody must enter before claims can go on."""
    _inherit = 'ar.cockpit'

    @api.model
    def _get_todos(self, scope):
        """EXTENDS figures: for who may enter rates."""
        todos = super()._get_todos(scope)
        if not self.env['ar.reference.rate'].has_access('create'):
            return todos
        ending = {}
        for company in scope['companies']:
            today = company._get_ar_today()
            for reference, (_regime, last) in company._get_ar_ending_references(today).items():
                ending[reference] = ending.get(reference) or last is None or last < today
        # The last figure of each: to be confirmed, or to be followed by the next half-year.
        last_ids = {rate.reference: rate.id for rate in self.env['ar.reference.rate'].search(
            [('reference', 'in', list(ending))], order='date_to, id')}
        label = self.env._("Reference rates to enter before the last known half-year ends")
        return [*todos, {
            'code': 'reference_rates', 'label': label, 'count': len(last_ids),
            'icon': 'fa-percent', 'tone': 'bad' if any(ending.values()) else False,
            'action': self._get_list_action(
                label, 'ar.reference.rate', [('id', 'in', sorted(last_ids.values()))],
                context={'create': True}),
        }]
