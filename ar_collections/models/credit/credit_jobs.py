from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date, formatLang

# A list in an activity stays readable; the screens show the rest.
LIST_SIZE = 50


class ResCompany(models.Model):
    """What the daily watch told last, so that it tells each thing once."""
    _inherit = 'res.company'

    ar_credit_watched_on = fields.Date(string="Credit watch done on", readonly=True)
    ar_limit_activity_id = fields.Many2one('mail.activity', readonly=True, ondelete='set null')
    ar_review_activity_id = fields.Many2one('mail.activity', readonly=True, ondelete='set null')

    @api.model
    def _cron_ar_credit_watch(self):
        """Scheduled action: once a day, tell who approves what ends or is due."""
        companies = self.search([('active', '=', True)])
        self.env['ir.cron']._ar_work_through(companies, type(self)._ar_watch_credit)

    def _ar_watch_credit(self):
        """Plan one activity for limits that end and one for reviews due, each with its list.

        The activity of yesterday gives way to that of today; a second call on the same day does
        nothing.
        """
        self.ensure_one()
        today = self._get_ar_today()
        if self.ar_credit_watched_on == today:
            return
        self.ar_credit_watched_on = today
        approver = self.ar_approver_id or self._get_ar_responsible()
        company = self.with_context(lang=approver.lang)
        ending = company._ar_get_ending_limits(today)
        company._ar_plan_list(
            'ar_limit_activity_id', 'ar_collections.mail_activity_type_limit', approver, today,
            self.env._("Credit limits that end soon: %s", len(ending)),
            [company._ar_get_limit_text(limit) for limit in ending])
        late = self.env['ar.customer'].search([
            ('company_id', '=', self.id), ('review_date', '<=', today)], order='review_date, id')
        company._ar_plan_list(
            'ar_review_activity_id', 'ar_collections.mail_activity_type_review', approver, today,
            self.env._("Credit reviews due: %s", len(late)),
            [(customer, format_date(company.env, customer.review_date)) for customer in late])

    def _ar_get_ending_limits(self, today):
        """Return the temporary limits that end within the warning time and have no successor."""
        self.env['ar.credit.limit'].flush_model()
        rows = self.env.execute_query(SQL(
            """
            SELECT l.id FROM ar_credit_limit l
             WHERE l.company_id = %(company)s AND l.date_to BETWEEN %(today)s AND %(end)s
               AND NOT EXISTS (
                   SELECT 1 FROM ar_credit_limit later
                    WHERE later.customer_id = l.customer_id AND later.id <> l.id
                      AND later.date_to >= l.date_to AND (later.date_to > l.date_to
                                                          OR later.id > l.id)
                      AND later.date_from <= l.date_to + 1)
             ORDER BY l.date_to, l.id
            """,
            company=self.id, today=today,
            end=fields.Date.add(today, days=self.ar_limit_warning_days)))
        return self.env['ar.credit.limit'].browse([row[0] for row in rows])

    def _ar_get_limit_text(self, limit):
        base = limit.customer_id.partner_id.with_company(self).credit_limit
        return limit.customer_id, self.env._(
            "%(amount)s until %(date)s, then %(base)s",
            amount=formatLang(self.env, limit.amount, currency_obj=self.currency_id),
            date=format_date(self.env, limit.date_to),
            base=formatLang(self.env, base, currency_obj=self.currency_id))

    def _ar_plan_list(self, field, type_xmlid, user, today, summary, rows):
        """Replace the activity of ``field`` by one with these rows: (customer, text)."""
        # sudo: the activity may be that of another user.
        self.sudo()[field].filtered('active').unlink()
        if not rows:
            return
        items = Markup().join(
            Markup("<li>%s: %s</li>") % (
                customer._get_html_link(title=customer.partner_id.display_name), text)
            for customer, text in rows[:LIST_SIZE])
        if len(rows) > LIST_SIZE:
            items += Markup("<li>%s</li>") % self.env._("and %s more", len(rows) - LIST_SIZE)
        self.sudo()[field] = self.env['mail.activity'].sudo().create({
            'activity_type_id': self.env.ref(type_xmlid).id, 'user_id': user.id,
            'date_deadline': today, 'summary': f"{summary} ({self.name})",
            'note': Markup("<ul>%s</ul>") % items,
        })


class ArCreditHold(models.Model):
    """EXTENDS credit: held orders are judged again by themselves."""
    _inherit = 'ar.credit.hold'

    _held_customer_idx = models.Index("(customer_id) WHERE state = 'held'")

    @api.model
    def _cron_judge_again(self):
        """Scheduled action: release what nothing holds any more, the oldest first.

        Each release stands alone: an order that cannot be confirmed for a reason of its own does
        not keep the others waiting.
        """
        held = self.search([('state', '=', 'held')], order='id')
        held.filtered(lambda hold: hold.order_id.state == 'cancel')._update_state('withdrawn')
        free = self.browse()
        for company, holds in held.filtered(lambda h: h.state == 'held').grouped(
                'company_id').items():
            free |= holds._get_free(company)
        self.env['ir.cron']._ar_work_through(free, type(self)._release_alone)

    def _get_free(self, company):
        """Return the holds without a reason left: the figures are read once for all of them."""
        try:
            verdicts = self.order_id._get_credit_verdicts(company)
        except UserError:
            # One currency without a rate: let each order find out for itself.
            return self
        return self.filtered(lambda hold: not any(
            reason['decision'] == 'hold' for reason in verdicts.get(hold.order_id, [])))

    def _release_alone(self):
        """Judge one hold again; on failure it stays held and says why, once."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._judge_again()
        except UserError as error:
            message = self.env._("Could not be released by itself: %s", error.args[0])
            if message not in (self.message_ids[:1].preview or ''):
                self.message_post(body=message)

    @api.model
    def _get_held_query(self, partners):
        """Return the query of the ids of the holds of these partners: a small partial index."""
        # Asked whenever something is paid: planned quicker than with a join of contacts.
        return SQL(
            """
            SELECT h.id FROM ar_credit_hold h
              JOIN ar_customer c ON c.id = h.customer_id
             WHERE h.state = 'held' AND c.partner_id = ANY(ARRAY(
                   SELECT p.commercial_partner_id FROM res_partner p WHERE p.id = ANY(%s)))
            """, partners.ids)

    @api.model
    def _wake_for(self, partners):
        """Let held orders be judged again soon when one of these partners has one."""
        if partners:
            held = self.env.execute_query(SQL("%s LIMIT 1", self._get_held_query(partners)))
            self.browse([row[0] for row in held])._follow()

    def _follow(self):
        """Let these held orders be judged again soon."""
        if self:
            # sudo: whoever books a payment may not touch scheduled actions.
            self.env.ref('ar_collections.ir_cron_ar_credit_release').sudo()._trigger()
