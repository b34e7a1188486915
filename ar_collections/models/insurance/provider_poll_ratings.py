from functools import partial

from odoo import fields, models

from ...connectors.errors import (
    BudgetError,
    ConfigurationError,
    ConnectorError,
    TemporaryError,
)
from ...tools.transaction import write_again
from .provider_poll import BATCH


class ArProvider(models.Model):
    """The last step of the poll: ratings, some asked for and then kept together.

    Nothing is written before the answers are there: when somebody else has written the same rows
    meanwhile, they are kept once more, and not asked for again.
    """
    _inherit = 'ar.provider'

    def _poll_ratings(self, client):
        """Read the ratings that are due, one company after the other."""
        if not self._reads_ratings():
            return
        Link = self.env['ar.provider.link']
        billed = self._is_billed('get_rating')
        if billed:
            self._hand_over_lost_ratings()
            yield 0
        # Whoever kills us loses the answers of one batch: free ones are asked for again, of the
        # billed ones there is one in a batch.
        size = 1 if billed else BATCH

        def find_due(after=0):
            # From where the last batch ended: the answered ones before it are not read again.
            return Link.search(
                self._get_due_domain() & fields.Domain('id', '>', after), limit=size, order='id')

        last = 0
        while links := find_due(last) or (last and find_due()):
            last = links[-1].id
            if billed:
                links.asked_at = fields.Datetime.now()
                yield 0
            answers, error = [], None
            for link in links:
                try:
                    answers.append((link.external_id, link._ask_rating(client)))
                except (ConnectorError, ConfigurationError) as caught:
                    # Nothing was sent, or the account must be mended: due again later.
                    error = caught
                    break
                if isinstance(answers[-1][1], TemporaryError) and not self._may_poll():
                    error = TemporaryError('paused', "left alone after failures")
                    break
            yield write_again(self.env, partial(self._take_ratings, links, answers))
            if isinstance(error, BudgetError):
                return
            if error:
                raise error

    @staticmethod
    def _take_ratings(links, answers):
        """Keep the answers about some links; return how many are done with.

        :param list answers: (number asked about, of `_ask_rating`) of the first links; the others
            were not asked
        """
        known = links.exists()
        lasts = links.env['ar.rating']._get_last(known)
        done = len(links - known)
        for link, (number, answer) in zip(links, answers, strict=False):
            if link not in known:
                continue
            if link.external_id == number:
                done += link._take_rating(answer, lasts)
            else:
                # Somebody has unlinked it, or typed in another number: it is asked about that.
                link.asked_at = False
        # Nothing was sent.
        (known & links[len(answers):]).asked_at = False
        known.customer_id._refresh_external_ratings()
        return done

    def _hand_over_lost_ratings(self):
        """A billed call that was begun and never answered is for a person, not for a repeat."""
        for link in self.env['ar.provider.link'].search([
                ('provider_id', '=', self.id), ('state', '=', 'linked'),
                ('asked_at', '!=', False)]):
            link.write({
                'asked_at': False, 'rating_wanted': False, 'answered_at': link.asked_at,
                'message': self.env._(
                    "The answer to a billed call was lost. Press “Ask for the rating” to pay for "
                    "one more.")})
