from odoo import api, fields, models
from odoo.exceptions import ValidationError

# Columns of the aged balance: one per bucket, see `ar.aged.balance`.
MAX_BUCKETS = 10


class ArAgedBucket(models.Model):
    """One column of the aged balance.

    A bucket says only from which day on it counts; it ends where the next begins and the last is
    open, so that no item can fall between two buckets or into both. One more record of the kind
    'credit' names the column of credits that nobody has matched.
    """
    _name = 'ar.aged.bucket'
    _description = "Bucket of the aged balance"
    _order = 'kind, from_day, id'

    name = fields.Char(required=True, translate=True)
    kind = fields.Selection(
        [('age', "Age of the item"), ('credit', "Credits not matched")], required=True,
        default='age', readonly=True)
    from_day = fields.Integer(
        string="From day", help="First day of the bucket, counted from the due date: 1 is the day "
        "after. An item due today is not overdue. The first bucket takes everything before.")
    to_day = fields.Integer(
        string="To day", compute='_compute_to_day',
        help="Last day of the bucket: the day before the next one begins.")
    range_text = fields.Char(string="Days", compute='_compute_to_day')

    _from_day_uniq = models.UniqueIndex(
        "(from_day) WHERE kind = 'age'", "Two buckets cannot begin on the same day.")
    _credit_uniq = models.UniqueIndex(
        "(kind) WHERE kind = 'credit'", "There is one column of credits.")

    # === COMPUTES === #

    @api.depends('from_day', 'kind')
    def _compute_to_day(self):
        bounds = {bucket.id: (start, end) for bucket, start, end in self._get_bounds()}
        for bucket in self:
            start, end = bounds.get(bucket._origin.id, (None, None))
            bucket.to_day = end
            if bucket.kind == 'credit':
                bucket.range_text = False
            elif start is None:
                bucket.range_text = self.env._("up to %s", end)
            elif end is None:
                bucket.range_text = self.env._("from %s on", start)
            else:
                bucket.range_text = f"{start} – {end}"

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        buckets = super().create(vals_list)
        self._check_buckets(self.search(fields.Domain.TRUE))
        return buckets

    def write(self, vals):
        result = super().write(vals)
        self._check_buckets(self.search(fields.Domain.TRUE))
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_needed(self):
        self._check_buckets(self.search(fields.Domain.TRUE) - self)

    @api.model
    def _check_buckets(self, buckets):
        """Raise when ``buckets``, all of them, would mix what is due with what is not.

        Gaps and overlaps cannot be written; these rules are left to keep.

        :raise ValidationError: in the words of the rule
        """
        # The columns of the cached views carry the names of the buckets.
        self.env.registry.clear_cache('templates')
        if not self.env.registry.ready:
            return  # our own data file creates them one by one
        ages = buckets.filtered(lambda bucket: bucket.kind == 'age')
        if len(buckets - ages) != 1:
            raise ValidationError(self.env._("The column of credits not matched is needed."))
        if len(ages) > MAX_BUCKETS:
            raise ValidationError(self.env._("At most %s buckets.", MAX_BUCKETS))
        days = ages.mapped('from_day')
        if 1 not in days or min(days) > 0:
            raise ValidationError(self.env._(
                "One bucket must begin on day 1 and one before it: an item that is not due must "
                "not stand among those that are late."))

    # === READING === #

    @api.model
    def _get_bounds(self):
        """Return the buckets by age, in order, with their days.

        :return: list of (bucket, first day or None, last day or None); None is open
        """
        # sudo: buckets are shared configuration, and a figure must not depend on who reads it.
        ages = self.sudo().search([('kind', '=', 'age')], order='from_day')
        return [
            (bucket, bucket.from_day if index else None,
             ages[index + 1].from_day - 1 if index + 1 < len(ages) else None)
            for index, bucket in enumerate(ages)
        ]

    @api.model
    def _get_credit_bucket(self):
        """Return the record that names the column of credits not matched."""
        return self.sudo().search([('kind', '=', 'credit')], limit=1)
