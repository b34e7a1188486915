"""What replies say to the other rooms: dunning waits, the cockpit counts, a merge keeps them."""
from odoo import api, fields, models
from odoo.tools import SQL


class ResCompany(models.Model):
    _inherit = 'res.company'

    ar_paid_wait_days = fields.Integer(
        string="Days to look for a payment", default=5,
        help="When a customer says that an item is paid and somebody accepts it, reminders leave "
             "the item out for so many days.")
    ar_reply_hold_days = fields.Integer(
        string="Days to read a reply", default=3,
        help="As long as nobody has read a reply, reminders leave its items out, for so many days "
             "at most. 0: they go on.")

    _ar_reply_days = models.Constraint(
        'CHECK(ar_paid_wait_days >= 0 AND ar_reply_hold_days >= 0)',
        "The number of days cannot be negative.")


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    ar_paid_wait_days = fields.Integer(
        related='company_id.ar_paid_wait_days', readonly=False)
    ar_reply_hold_days = fields.Integer(
        related='company_id.ar_reply_hold_days', readonly=False)


class ArDunningEngine(models.AbstractModel):
    """EXTENDS dunning: nobody is reminded while the answer lies unread, or the money is sought."""
    _inherit = 'ar.dunning.engine'

    @api.model
    def _get_item_exclusions(self, company, date):
        """EXTENDS dunning: a reply to read; said to be paid, until the day of looking again."""
        items = SQL(
            "SELECT rel.move_line_id FROM ar_reply_item_rel rel"
            " JOIN ar_reply reply ON reply.id = rel.reply_id WHERE reply.company_id = %s",
            company.id)
        return [
            *super()._get_item_exclusions(company, date),
            ('said_paid', SQL(
                "l.id IN (%s AND reply.state = 'accepted' AND reply.kind = 'paid'"
                " AND reply.wait_until >= %s)", items, date)),
            ('reply', SQL(
                "l.id IN (%s AND reply.state = 'new' AND reply.kind <> 'out_of_office'"
                " AND reply.received_on > %s)", items,
                fields.Date.subtract(fields.Date.to_date(date), days=company.ar_reply_hold_days))),
        ]


class ArDunningSkip(models.Model):
    """EXTENDS dunning: why a reply keeps an item out of a run."""
    _inherit = 'ar.dunning.skip'

    reason = fields.Selection(
        selection_add=[('said_paid', "Said to be paid"), ('reply', "A reply is to be read")],
        ondelete={'said_paid': 'cascade', 'reply': 'cascade'})


class ArCustomer(models.Model):
    """EXTENDS core: replies, thank-yous and answers follow the merged customer."""
    _inherit = 'ar.customer'

    def _absorb(self, other):
        self.env.flush_all()
        for table in ('ar_reply', 'ar_thanks', 'ar_answer'):
            self.env.cr.execute(SQL(
                "UPDATE %s SET customer_id = %s WHERE customer_id = %s",
                SQL.identifier(table), self.id, other.id))
        self.env.invalidate_all()
        return super()._absorb(other)


class ArCockpit(models.AbstractModel):
    """EXTENDS figures: replies that nobody has read."""
    _inherit = 'ar.cockpit'

    @api.model
    def _get_todos(self, scope):
        todos = super()._get_todos(scope)
        if not self.env['ar.reply'].has_access('read'):
            return todos
        label = self.env._("Replies to read")
        return [*todos, self._get_todo(
            scope, 'replies', label, 'fa-envelope-open-o', 'warning', 'ar.reply',
            [('state', '=', 'new')], None)]
