from odoo import fields, models

from ...connectors.errors import BudgetError, ConnectorError, NotFoundError, TemporaryError

# Minutes before a link that failed is tried again: doubled each time, up to a day.
FIRST_WAIT, LONGEST_WAIT = 15, 1440


class ArProviderLink(models.Model):
    """One company's turn in the poll."""
    _inherit = 'ar.provider.link'

    def _get_rating_arguments(self):
        """Return the arguments of `get_rating` for this company."""
        self.ensure_one()
        if self.provider_id.code == 'infolegale':
            return (self.external_id, self.customer_id.partner_id.country_id.code or 'FR')
        return (self.external_id,)

    def _ask_rating(self, client):
        """Ask for the rating. Nothing is written.

        :return: what `_take_rating` wants
        :raise BudgetError: nothing was sent
        :raise ConnectorError: credentials or rights: nothing more can be asked
        """
        self.ensure_one()
        if self.customer_id._get_inquiry_refusal():
            return None
        return self._ask('get_rating', *self._get_rating_arguments(), client=client)

    def _take_rating(self, answer, lasts=None):
        """Keep the answer to `_ask_rating`. The caller combines the ratings afterwards.

        :param lasts: of `ar.rating._get_last`, when many links are read
        :return: 1 when the company is done, 0 when it will be tried again
        """
        self.ensure_one()
        if answer is None:
            self._is_inquiry_refused()
            return 1
        if isinstance(answer, ConnectorError):
            return self._take_error(answer)
        rating, is_new = self.env['ar.rating'].with_context(ar_combine_later=True)._keep(
            self, answer, lasts)
        if is_new:
            self._record_rating(rating, answer)
        self._set_answered(False)
        return 1

    def _ask(self, operation, *arguments, client):
        """Ask about this company. Nothing is written: that may have to be done again.

        :return: the answer; the error, when it concerns this company alone
        :raise BudgetError: nothing was sent
        :raise ConnectorError: credentials or rights: nothing more can be asked
        """
        self.ensure_one()
        provider = self.provider_id
        try:
            return provider._call(operation, *arguments, client=client)
        except (NotFoundError, TemporaryError) as error:
            return error
        except ConnectorError as error:
            if isinstance(error, BudgetError) or provider._is_problem(error):
                # Not this company's fault.
                raise
            return error

    def _take_error(self, error):
        """Note on the link what is wrong with this company alone.

        :return: 1 when the company is done, 0 when it will be tried again
        """
        if isinstance(error, TemporaryError):
            self._put_off(error)
            return 0
        if isinstance(error, NotFoundError):
            self._note_lost_number(error)
        self._set_answered(self.provider_id._get_error_text(error))
        return 1

    def _record_rating(self, rating, result):
        """Put a new rating into the inbox; what could not be read is for a person."""
        event = self.env['ar.provider.event']._record(
            self.provider_id, f'rating:{rating.id}', {
                'kind': 'rating', 'link_id': self.id, 'customer_id': self.customer_id.id,
                'external_id': self.external_id, 'code': result.scale,
                'summary': f"{result.value or '–'} {result.label or ''}".strip(),
                'happened_on': rating.rated_on, 'rating_id': rating.id, 'result': result})
        if event.attention:
            event._set_person(event.attention)
        elif not rating.grade and not rating.unrated and rating.value and rating.scale_id:
            event._set_person(self.env._(
                "The value %(value)s is in no line of the scale %(scale)s: fill the line in, then "
                "read the rating again.", value=rating.value, scale=rating.scale_id.name))
        else:
            event._set_done()

    def _set_answered(self, message):
        self.write({
            'answered_at': fields.Datetime.now(), 'asked_at': False, 'rating_wanted': False,
            'failures': 0, 'next_try_at': False, 'message': message})

    def _put_off(self, error):
        """Try this company again later, each time after a longer wait."""
        failures = self.failures + 1
        minutes = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
        values = {
            'failures': failures, 'message': self.provider_id._get_error_text(error),
            'next_try_at': fields.Datetime.add(fields.Datetime.now(), minutes=minutes)}
        if not getattr(error, 'details', {}).get('not_sent') and self.asked_at:
            # It may have been billed: the next poll hands it to a person.
            values['message'] += " " + self.env._("The call may have been billed.")
        else:
            values['asked_at'] = False
        self.write(values)
