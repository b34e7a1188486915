import hashlib
import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, format_date

# 256 bits: nobody guesses one, and the limits of `ar.portal.hit` stop whoever tries.
TOKEN_BYTES = 32
ADDRESS = '/my/statement/link'
# Stands in texts that are kept; the mail that leaves has a token in its place.
PERSONAL = 'personal'


class ArPortalLink(models.Model):
    """A link that opens the pages of one customer without a login.

    The token itself is nowhere in the database: only its hash is, so that nobody who reads the
    database can open the pages. Whoever holds the link may use it: it survives being forwarded
    to the accountant who really pays.
    """
    _name = 'ar.portal.link'
    _description = "Customer's link"
    _order = 'id desc'

    customer_id = fields.Many2one(
        'ar.customer', required=True, readonly=True, index=True, ondelete='cascade')
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Contact")
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    recipient_id = fields.Many2one(
        'res.partner', string="Made for", readonly=True, ondelete='set null',
        help="Who got it. Others may use it too: it can be forwarded.")
    origin = fields.Selection(
        [('person', "By hand"), ('reminder', "Reminder"), ('statement', "Statement"),
         ('mail', "E-mail with the link")],
        required=True, readonly=True, default='person')
    source = fields.Char(
        string="Sent in", readonly=True, help="The message that carried the link.")
    mail_id = fields.Many2one(
        'mail.mail', readonly=True, copy=False, ondelete='set null', index='btree_not_null')
    token_hash = fields.Char(required=True, copy=False, groups=fields.NO_ACCESS)
    expires_on = fields.Date(
        required=True, readonly=True, help="Last day on which the link opens the pages.")
    revoked_at = fields.Datetime(string="Withdrawn at", readonly=True, copy=False)
    revoked_by_id = fields.Many2one('res.users', string="Withdrawn by", readonly=True, copy=False)
    last_used_at = fields.Datetime(
        string="Last used", readonly=True, copy=False, help="To the minute.")
    state = fields.Selection(
        [('active', "Active"), ('expired', "Expired"), ('revoked', "Withdrawn")],
        compute='_compute_state')

    _token_uniq = models.UniqueIndex('(token_hash)')

    @api.depends('expires_on', 'revoked_at')
    def _compute_state(self):
        for link in self:
            if link.revoked_at:
                link.state = 'revoked'
            else:
                today = link.company_id._get_ar_today() if link.company_id else None
                expired = today and link.expires_on and link.expires_on < today
                link.state = 'expired' if expired else 'active'

    @api.depends('origin', 'create_date')
    def _compute_display_name(self):
        origins = dict(self._fields['origin']._description_selection(self.env))
        for link in self:
            day = format_date(self.env, link.create_date) if link.create_date else ""
            link.display_name = " – ".join(filter(None, (origins.get(link.origin), day)))

    # === MAKING === #

    @api.model
    def _make(self, customer, *, origin='person', recipient=None, source=False, days=None):
        """Make a link; its address is told once and never again.

        :param customer: `ar.customer`, one; the right to write it was checked
        :param recipient: `res.partner` who gets it
        :param int days: life of the link; that of the settings when omitted
        :return: (link, its address)
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        company = customer.company_id
        # sudo: rows are written here only; the right was checked on the customer.
        link = self.sudo().create({
            'customer_id': customer.id, 'origin': origin, 'source': source,
            'recipient_id': recipient.id if recipient else False,
            'token_hash': self._hash(token),
            'expires_on': fields.Date.add(
                company._get_ar_today(), days=days or company.sudo().ar_door_link_days),
        })
        return link.with_env(self.env), f"{customer.get_base_url()}{ADDRESS}/{token}"

    def _renew(self):
        """Give the link another token, at the moment its mail leaves; return the address."""
        self.ensure_one()
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self.token_hash = self._hash(token)
        return f"{self.customer_id.get_base_url()}{ADDRESS}/{token}"

    @api.model
    def _hash(self, token):
        # A random token needs no salt and no slow hash: there is nothing to guess.
        return hashlib.sha256(token.encode()).hexdigest()

    @api.model
    def _get_personal_address(self):
        """Return the address that stands in a stored text instead of a link."""
        return f'{ADDRESS}/{PERSONAL}'

    # === USING === #

    @api.model
    def _find(self, token):
        """Return the link of a token, sudoed, whatever its state; nothing for a wrong one."""
        if not token or len(token) > 100:
            return self.sudo().browse()
        # sudo: whoever knows the token may use it, that is its purpose.
        return self.sudo().search([('token_hash', '=', self._hash(token))])

    def _is_open(self):
        """Return whether the link opens the pages today."""
        self.ensure_one()
        return (self.state == 'active' and self.customer_id.active
                and self.company_id.sudo().active)

    def _touch(self):
        """Remember that it was used, once a minute at most: reading must not queue for a row."""
        self.ensure_one()
        now = fields.Datetime.now()
        if self.last_used_at and (now - self.last_used_at).total_seconds() < 60:
            return
        self.env.cr.execute(SQL(
            """
            UPDATE ar_portal_link SET last_used_at = %s
             WHERE id IN (SELECT id FROM ar_portal_link WHERE id = %s FOR UPDATE SKIP LOCKED)
            """, now, self.id))
        self.invalidate_recordset(['last_used_at'], flush=False)

    # === ACTIONS === #

    def action_revoke(self):
        """Withdraw the links: from now on they open nothing."""
        self._check_right()
        # sudo: rows are written here only.
        self.sudo().filtered(lambda link: not link.revoked_at).write({
            'revoked_at': fields.Datetime.now(), 'revoked_by_id': self.env.uid})
        return True

    def _check_right(self):
        self.check_access('read')
        self.customer_id.check_access('write')
        if not self.env.su and not self.env.user.has_group(
                'ar_collections.group_ar_collector_own'):
            raise AccessError(self.env._("Only a collector gives and withdraws links."))
