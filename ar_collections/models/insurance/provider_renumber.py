from functools import partial

from odoo import fields, models

from ...connectors.errors import (
    AmbiguousError,
    BudgetError,
    ConfigurationError,
    ConnectorError,
    NotFoundError,
    TemporaryError,
)
from ...tools.transaction import write_again
from .provider_codes import get_questions


class ArProviderLink(models.Model):
    """A number that the provider does not know any more: providers renumber their companies.

    The company is searched once by its national number, for each number that was lost. A search
    may be billed: it is noted and committed before, and not repeated when its answer was lost.
    """
    _inherit = 'ar.provider.link'

    lost_number = fields.Char(
        string="Lost number", readonly=True, copy=False,
        help="The provider said that it does not know this number.")
    lost_state = fields.Selection(
        [('wanted', "To be searched"), ('asked', "Asked"), ('done', "Done")],
        string="Search for the lost number", readonly=True, copy=False, index='btree_not_null',
        help="The search for the company behind the lost number, made once.")

    def _note_lost_number(self, error):
        """Have the company searched when the provider does not know its number any more.

        :param error: a NotFoundError about this company
        """
        self.ensure_one()
        # Without data it is known all the same.
        if error.code != 'no_data' and self.lost_number != self.external_id:
            self.write({'lost_number': self.external_id, 'lost_state': 'wanted'})

    def _get_lost_question(self, client):
        """Return the one search by a national number, None when there is nothing to search: then
        the link is done with, and a person told where one must act."""
        self.ensure_one()
        provider, partner = self.provider_id, self.customer_id.partner_id
        country, numbers = self._get_numbers()
        question = next((question for question in get_questions(
            provider.code, client.options, country, numbers, partner.name, partner.zip)
            if question.by == 'national'), None)
        if self.lost_number != self.external_id or (
                question and question.value == self.external_id) or self._is_inquiry_refused():
            # Somebody has typed in another number; or the national one is its number there.
            self.lost_state = 'done'
        elif self.lost_state == 'asked' and self._is_search_billed():
            self._hand_over_lost(self.env._(
                "%(provider)s does not know the number %(number)s any more, and the answer to a "
                "billed search was lost. Unlink the customer and search again, or type in the new "
                "number.", provider=provider.name, number=self.external_id))
        elif not question:
            self._hand_over_lost(self.env._(
                "%(provider)s does not know the number %(number)s any more, and the customer has "
                "no national number to search by. Unlink it, fill in its company number and "
                "search again, or type in the new number.",
                provider=provider.name, number=self.external_id))
        else:
            return question
        return None

    def _take_found(self, found, question):
        """Link the company to its new number, or hand the link to a person.

        :param found: `Candidates`, the answer to the search by the national number
        """
        self.ensure_one()
        if not self.exists() or self.lost_number != self.external_id:
            # A person has unlinked it or typed in another number while we asked.
            return None
        company = found.certain
        country, _numbers = self._get_numbers()
        if not company or not self._is_same_country(company, country):
            return self._hand_over_unfound(question)
        if company.provider_id == self.external_id:
            # Known after all: it has nothing to tell about this company, as the message says.
            self.lost_state = 'done'
            return None
        environment = found.meta.environment if found.meta else False
        event = self._record_lost(f"{self.external_id} → {company.provider_id}", environment)
        self._set_linked(
            company.provider_id, company.name, question.by, question.value,
            environment=environment, lost_state='done')
        event._set_done(self.env._(
            "Found again by %s: the link has the new number, the old one is kept beside it.",
            question.value))
        return self.env['ar.provider']._trigger_poll()

    def _hand_over_unfound(self, question):
        self._hand_over_lost(self.env._(
            "%(provider)s does not know the number %(number)s any more, and no single company was "
            "found by %(searched)s. Unlink the customer and search again, or type in the new "
            "number.", provider=self.provider_id.name, number=self.external_id,
            searched=question.value))

    def _hand_over_lost(self, message):
        """Tell a person once that a number is lost."""
        self.ensure_one()
        event = self._record_lost(self.external_id)
        if event:
            event._set_person(message)
        self.write({'lost_state': 'done', 'message': message})

    def _record_lost(self, summary, environment=None):
        return self.env['ar.provider.event']._record(
            self.provider_id, f'lost:{self.id}:{self.external_id}', {
                'kind': 'company', 'link_id': self.id, 'customer_id': self.customer_id.id,
                'external_id': self.external_id, 'code': 'not_found', 'summary': summary,
                'environment': environment or self.environment})


class ArProvider(models.Model):
    """EXTENDS the poll: numbers that were lost in it are searched at its end."""
    _inherit = 'ar.provider'

    def _get_poll_steps(self):
        """Add the search, after everything that may meet a lost number."""
        return [*super()._get_poll_steps(), ('numbers', self._poll_lost_numbers)]

    def _poll_lost_numbers(self, client):
        """Search each company whose number was lost, once."""
        if not self._can('search_company'):
            return
        Link = self.env['ar.provider.link']
        lost = Link.search([
            ('provider_id', '=', self.id), ('state', '=', 'linked'),
            ('lost_state', 'in', ('wanted', 'asked'))],
            # What was asked and never answered first: it needs no budget.
            order='lost_state, id')
        for link in map(Link.browse, lost.ids):
            question = link._get_lost_question(client)
            if question:
                link.lost_state = 'asked'
                yield 0
                try:
                    found = self._call('search_company', client=client, **question.arguments)
                except BudgetError:
                    link.lost_state = 'wanted'
                    yield 0
                    return
                except TemporaryError as error:
                    if error.details.get('not_sent'):
                        link.lost_state = 'wanted'
                    yield 0
                    self._stop_if_paused(error)
                    continue
                except (NotFoundError, AmbiguousError):
                    link._hand_over_unfound(question)
                except (ConnectorError, ConfigurationError) as error:
                    if self._is_problem(error):
                        link.lost_state = 'wanted'
                        yield 0
                        raise
                    link._hand_over_lost(self._get_error_text(error))
                else:
                    write_again(self.env, partial(link._take_found, found, question))
            yield 1
