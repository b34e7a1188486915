from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL, format_date, formatLang

MAX_LINES = 20


class ArDeadline(models.Model):
    """Somebody is told in time: one activity per customer, whatever the number of deadlines."""
    _inherit = 'ar.deadline'

    @api.model
    def _tell(self, company, today, customer_ids=None):
        """Plan activities for what has come into the time of warning, each deadline once.

        :param company: `res.company`, one
        :param date today: day of the company
        """
        # sudo: activities are planned for colleagues.
        fresh = self.sudo().search([
            ('company_id', '=', company.id), ('state', '=', 'open'), ('told_on', '=', False),
            *([] if customer_ids is None else [('customer_id', 'in', customer_ids)]),
            '|', '&', ('kind', '=', 'prescription'),
            ('last_day', '<=', fields.Date.add(today, days=company.ar_prescription_lead_days)),
            '&', ('kind', '!=', 'prescription'),
            ('last_day', '<=', fields.Date.add(today, days=company.ar_deadline_lead_days))])
        groups = fresh.grouped('customer_id')
        if groups:
            # One line in the list of activities each: no e-mail per customer on top of it.
            activities = self.env['mail.activity'].sudo().with_context(
                mail_activity_quick_update=True).create([
                deadlines._get_activity_values(company)
                for deadlines in groups.values()])
            for deadlines, activity in zip(groups.values(), activities, strict=True):
                deadlines.write({'told_on': today, 'activity_id': activity.id})
        self._drop_activities(company)

    def _get_activity_values(self, company):
        """Return the values of one activity about these deadlines of one customer."""
        customer = self.customer_id
        user = customer.collector_id or company._get_ar_responsible()
        # The language of whoever reads it, not of the night.
        rows = self.with_context(lang=user.lang).sorted('last_day')
        env = rows.env
        kinds = dict(rows._fields['kind']._description_selection(env))
        items = Markup().join(Markup("<li>%s</li>") % env._(
            "%(kind)s %(what)s: last day %(date)s, %(amount)s at risk",
            kind=kinds[row.kind], what=row.move_id.name or '',
            date=format_date(env, row.last_day, lang_code=user.lang),
            amount=formatLang(env, row.amount, currency_obj=row.currency_id),
        ) for row in rows[:MAX_LINES])
        more = len(rows) - MAX_LINES
        return {
            'activity_type_id': env.ref('ar_collections.mail_activity_type_deadline').id,
            'res_model_id': env['ir.model']._get_id('ar.customer'), 'res_id': customer.id,
            'user_id': user.id, 'date_deadline': min(rows.mapped('last_day')),
            'summary': env._(
                "%(count)s deadlines, the first on %(date)s", count=len(rows),
                date=format_date(env, rows[0].last_day, lang_code=user.lang))
            if len(rows) > 1 else env._(
                "%(kind)s: last day %(date)s", kind=kinds[rows.kind],
                date=format_date(env, rows.last_day, lang_code=user.lang)),
            'note': Markup("<ul>%s</ul>%s") % (
                items, env._("and %s more, see the page Deadlines.", more) if more > 0 else ''),
        }

    def _close_activities(self):
        """Drop the activities of which no deadline is open any more."""
        for company in self.company_id:
            self._drop_activities(company)

    @api.model
    def _drop_activities(self, company):
        """Drop every activity of ours of which all deadlines are closed: one query."""
        self.flush_model()
        rows = self.env.execute_query(SQL(
            """
            SELECT d.activity_id
              FROM ar_deadline d
             WHERE d.company_id = %s AND d.activity_id IS NOT NULL
             GROUP BY d.activity_id
            HAVING BOOL_AND(d.state <> 'open')
            """, company.id))
        # sudo: the activity may be that of a colleague.
        self.env['mail.activity'].sudo().browse(row[0] for row in rows).exists().unlink()
