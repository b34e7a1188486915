from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, formatLang

ENTRY_STATES = [
    ('draft', "Entry to post"), ('booked', "Booked"), ('undone', "Undone"),
    ('cancelled', "Cancelled")]


class ArProposedEntry(models.AbstractModel):
    """What proposes a journal entry about open items: the row first, then a draft, then the ledger.

    Posting the draft, by whatever button, reconciles the items; undoing the reconciliation or
    reversing the entry is read back by `_follow`, which may be called any number of times.
    """
    _name = 'ar.proposed.entry'
    _description = "Proposed entry about open items"
    _inherit = ['mail.thread']
    _order = 'date desc, id desc'
    _check_company_auto = True

    name = fields.Char(string="Reference", readonly=True, copy=False, default="/", index=True)
    customer_id = fields.Many2one('ar.customer', required=True, index=True, ondelete='restrict')
    partner_id = fields.Many2one(related='customer_id.partner_id', string="Customer contact")
    company_id = fields.Many2one(related='customer_id.company_id', store=True, index=True)
    collector_id = fields.Many2one(related='customer_id.collector_id')
    company_currency_id = fields.Many2one(
        related='company_id.currency_id', string="Company currency")
    date = fields.Date(
        required=True, default=fields.Date.context_today, help="Accounting date of the entry.")
    reason = fields.Text(tracking=True)
    user_id = fields.Many2one(
        'res.users', string="Asked by", readonly=True, copy=False,
        default=lambda self: self.env.user)
    move_id = fields.Many2one(
        'account.move', string="Entry", readonly=True, copy=False, ondelete='set null',
        index='btree_not_null', check_company=True)
    move_state = fields.Selection(related='move_id.state', string="State of the entry")

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(set(vals) & self._get_derived_fields() for vals in vals_list):
            raise AccessError(self.env._("This changes by its buttons only."))
        records = super().create(vals_list)
        for record in records:
            # sudo: the next number is taken without managing sequences.
            record.with_context(tracking_disable=True).sudo().name = (
                self.env['ir.sequence'].sudo().with_company(record.company_id).next_by_code(
                    self._name) or "/")
        return records

    def write(self, vals):
        if not self.env.su:
            if set(vals) & self._get_derived_fields():
                raise AccessError(self.env._("This changes by its buttons only."))
            if set(vals) & self._get_frozen_fields() and any(
                    not record._is_editable() for record in self):
                raise UserError(self.env._(
                    "This is decided and can no longer be changed. Cancel it and make a new one."))
        return super().write(vals)

    def _get_derived_fields(self):
        """Return the names of the fields that buttons and the ledger alone write."""
        return {'state', 'name', 'move_id', 'user_id'}

    def _get_frozen_fields(self):
        """Return the names of the fields that nobody changes once it is decided."""
        return {'customer_id', 'date', 'line_ids'}

    def _is_editable(self):
        self.ensure_one()
        return self.state == 'draft' and not self.move_id

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        if any(not record._is_editable() for record in self):
            raise UserError(self.env._("This is history: cancel it instead."))

    # === ENTRY === #

    def _get_entry_journal(self):
        """Return the journal of these entries: the one chosen in the settings, or the first.

        :raise UserError: when the company has no general journal
        """
        self.ensure_one()
        # sudo: whoever proposes need not read journals.
        company = self.company_id.sudo()
        journal = company.ar_write_off_journal_id or self.env['account.journal'].sudo().search([
            *self.env['account.journal']._check_company_domain(company),
            ('type', '=', 'general')], limit=1)
        if not journal:
            raise UserError(self.env._(
                "Create a journal of type Miscellaneous, then propose the entry again."))
        return journal

    def _prepare_entry_lines(self):
        """Hook: return the lines of the entry, as (what becomes of it, values).

        :return: list of (record to tell, name of its field) or None, and the values of a line
        """
        raise NotImplementedError(f"{self._name} does not say what its entry is made of")

    def _propose_entry(self):
        """Make the draft entry; an accountant posts it.

        :return: the `account.move`
        """
        self.ensure_one()
        self.sudo().move_id = self._make_entry(
            self._prepare_entry_lines(), self.date, self._get_entry_label())
        return self.move_id

    def _make_entry(self, prepared, date, label):
        """Create a draft entry and tell each record which of its lines is the record's.

        :param prepared: as `_prepare_entry_lines` returns it
        :return: the `account.move`
        """
        self.ensure_one()
        # sudo: whoever may decide need not be an accountant; the entry stays a draft.
        move = self.env['account.move'].sudo().with_company(self.company_id).create({
            'move_type': 'entry', 'date': date, 'ref': label,
            'journal_id': self._get_entry_journal().id, 'company_id': self.company_id.id,
            'line_ids': [Command.create(values) for _target, values in prepared],
        })
        for (target, _values), line in zip(prepared, move.line_ids.sorted('id'), strict=True):
            if target:
                record, name = target
                record.sudo()[name] = line
        return move

    def _get_entry_label(self):
        self.ensure_one()
        return f"{self.name} {self.customer_id.display_name}"

    def action_post_entry(self):
        """Post the proposed entry, with the rights of the user."""
        self.check_access('read')
        if not self.env.user.has_group('account.group_account_invoice'):
            raise AccessError(self.env._("Only an accountant posts entries."))
        for record in self:
            if record.move_id.state != 'draft':
                raise UserError(self.env._("%s has no draft entry to post.", record.name))
            record.move_id.sudo(False).action_post()
        return True

    def action_view_entry(self):
        """Open the entry."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'account.move',
            'res_id': self.move_id.id, 'view_mode': 'form', 'views': [(False, 'form')],
        }

    # === LEDGER === #

    def _get_pairs(self):
        """Hook: return [(item, line of the entry that settles it)] of one record."""
        return [(line.move_line_id, line.credit_line_id) for line in self.line_ids]

    def _settle(self):
        """Reconcile the items with the lines of the posted entry; called when it is posted."""
        for record in self.filtered(lambda record: record.move_id.state == 'posted'):
            for item, line in record._get_pairs():
                if not item.reconciled and line and not line.reconciled:
                    (item | line).reconcile()
        self._follow()

    def _read_settled(self):
        """Return {id: settled share}: how much of the items their entries settle now.

        One query. Amounts in company currency.
        """
        self.env.flush_all()
        pairs = [(record.id, item.id, line.id) for record in self
                 for item, line in record._get_pairs() if line]
        if not pairs:
            return {}
        return dict(self.env.execute_query(SQL(
            """
            SELECT pair.id, SUM(pr.amount)
              FROM (VALUES %s) pair (id, item_id, line_id)
              JOIN account_partial_reconcile pr
                ON (pr.debit_move_id, pr.credit_move_id) = (pair.item_id, pair.line_id)
             GROUP BY pair.id
            """, SQL(", ").join(SQL("(%s::int, %s::int, %s::int)", *pair) for pair in pairs))))

    def _follow(self):
        """Bring the states in step with the ledger.

        :return: records whose state changed
        """
        changed = self.browse()
        # sudo: the state follows the ledger, whoever posted or matched.
        followed = self.sudo().filtered(lambda record: record.state in self._get_followed_states())
        settled = followed._read_settled()
        for record in followed:
            state = record._get_ledger_state(bool(settled.get(record.id)))
            if state != record.state:
                record.write(record._get_state_values(state))
                changed |= record
        return changed

    @api.model
    def _get_followed_states(self):
        """Hook: return the states from which the ledger may move a record."""
        return ('draft', 'booked', 'undone')

    def _get_ledger_state(self, settled):
        """Hook: return the state that the ledger says: booked while its items are matched.

        :param bool settled: whether the entry settles any of the items now
        """
        if self.move_id.state in (False, 'draft'):
            return 'draft'
        return 'booked' if settled else 'undone'

    def _get_state_values(self, state):
        """Hook: return the values to write with a state that the ledger says."""
        return {'state': state}

    # === WORDS === #

    def _format(self, amount, currency=None):
        return formatLang(
            self.env, amount, currency_obj=currency or self.company_currency_id)


class AccountMove(models.Model):
    """EXTENDS account: posting a proposed entry settles its items."""
    _inherit = 'account.move'

    def _post(self, soft=True):
        posted = super()._post(soft)
        plain = posted.filtered(
            lambda move: move.move_type == 'entry' and not move.origin_payment_id
            and not move.statement_line_id)
        for proposals in plain._ar_get_proposals():
            proposals._settle()
        return posted

    def button_draft(self):
        """EXTENDS account: Odoo keeps the items matched; the proposal is no longer booked."""
        result = super().button_draft()
        for proposals in self.filtered(
                lambda move: move.move_type == 'entry')._ar_get_proposals():
            proposals._follow()
        return result

    def _ar_get_proposals(self):
        """Return what these entries were proposed for, model by model; one query at most."""
        if not self:
            return []
        sources = (
            ('ar.doubtful.transfer', 'move_id'), ('ar.doubtful.transfer', 'back_move_id'),
            ('ar.write.off', 'move_id'), ('ar.agency.payment', 'move_id'))
        for name, field in sources:
            self.env[name].flush_model([field])
        rows = self.env.execute_query(SQL(" UNION ").join(SQL(
            "SELECT %s, id FROM %s WHERE %s = ANY(%s)", name,
            SQL.identifier(self.env[name]._table), SQL.identifier(field), self.ids)
            for name, field in sources))
        # sudo: whoever posts entries need not know the collector's desk.
        return [
            self.env[name].sudo().browse(sorted(row[1] for row in rows if row[0] == name))
            for name in dict(sources) if any(row[0] == name for row in rows)]
