from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.open_items import DUE_DATE


class ArOriginalDue(models.Model):
    """The due date that an insured item had when it was first seen: insurers count from it.

    A due date that is postponed later, by whatever agreement, starts no new time.
    """
    _name = 'ar.original.due'
    _description = "Original due date of an insured item"
    _rec_name = 'move_line_id'

    move_line_id = fields.Many2one(
        'account.move.line', string="Item", required=True, readonly=True, ondelete='cascade')
    customer_id = fields.Many2one(
        'ar.customer', required=True, readonly=True, ondelete='cascade', index=True)
    company_id = fields.Many2one('res.company', required=True, readonly=True, ondelete='cascade')
    date = fields.Date(string="Original due date", required=True, readonly=True)

    _item_uniq = models.Constraint('UNIQUE(move_line_id)', "Each item has one original due date.")

    @api.model
    def _note(self, company, customer_ids=None):
        """Note the due dates of the open items of customers with cover, the earliest ever seen.

        One statement; running it twice changes nothing more.

        :param company: `res.company`, one
        :param customer_ids: ids of `ar.customer`; None for all
        """
        for model in ('account.move.line', 'account.move', 'res.partner', 'ar.cover'):
            self.env[model].flush_model()
        self.env.cr.execute(SQL(
            """
            INSERT INTO ar_original_due AS d (move_line_id, customer_id, company_id, date,
                   create_uid, create_date, write_uid, write_date)
            SELECT l.id, c.id, l.company_id, %(due)s, %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM account_move_line l
              JOIN res_partner p ON p.id = l.partner_id
              JOIN ar_customer c
                ON c.partner_id = p.commercial_partner_id AND c.company_id = l.company_id
             WHERE l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE
               AND l.company_id = %(company)s AND l.parent_state = 'posted'
               AND l.amount_residual > 0 AND %(scope)s
               AND EXISTS (SELECT 1 FROM ar_cover cover
                             JOIN ar_customer buyer ON buyer.id = cover.customer_id
                            WHERE buyer.partner_id = c.partner_id)
             ORDER BY l.id
                ON CONFLICT (move_line_id) DO UPDATE
               SET date = EXCLUDED.date, write_date = EXCLUDED.write_date
             WHERE EXCLUDED.date < d.date
            """,
            due=DUE_DATE, uid=self.env.uid, now=fields.Datetime.now(), company=company.id,
            accounts=company._get_ar_account_ids(),
            scope=SQL("TRUE") if customer_ids is None else SQL(
                "c.id = ANY(%s)", list(customer_ids))))
        self.invalidate_model()
