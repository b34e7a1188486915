"""What the clients of insurers share: one request at a time, and a look-up after silence."""
from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from .base import Client
from .errors import AlreadyPendingError, InvalidInputError, UnexpectedAnswerError
from .results import Cover, CoverOrder, CoverRequest, CoverStatus

#: A person has to see these: the amount known before stays in force.
OPEN = frozenset({CoverStatus.SUBMITTED, CoverStatus.PENDING})


class InsurerClient(Client):
    """A client that asks for cover."""

    #: Currencies in which a limit may be asked for.
    currencies: frozenset[str] = frozenset()
    #: Amounts must be a multiple of it.
    amount_step: Decimal = Decimal(1)
    #: `change_cover` without an order gives a cover up.
    can_cancel: bool = False

    def propose_amount(self, amount: Decimal) -> Decimal:
        """Return the amount that may be asked for: rounded up, for a person to approve."""
        steps = (amount / self.amount_step).to_integral_value(ROUND_CEILING)
        return steps * self.amount_step

    def _check_order(self, order: CoverOrder) -> None:
        """Raise for what the insurer would refuse; nothing is changed silently."""
        self._check_currency(order.amount.currency, self.currencies)
        proposal = self.propose_amount(order.amount.amount)
        if order.amount.amount <= 0 or proposal != order.amount.amount:
            raise InvalidInputError(
                'amount', f"a positive multiple of {self.amount_step} is wanted",
                details={'proposal': proposal})
        if not order.reference:
            raise InvalidInputError('reference', "without our own reference it could not be found")

    def _send_once(self, order: CoverOrder, send) -> CoverRequest:
        """Send a request for cover unless one is open for this buyer.

        :param send: function without arguments that writes and returns the CoverRequest
        """
        self._check_order(order)
        pending = self._find_pending(order.buyer_id)
        if pending:
            return replace(pending, attached=True)
        try:
            return send()
        except AlreadyPendingError as error:
            # Somebody was quicker: theirs is the request now.
            pending = self._find_pending(order.buyer_id)
            if not pending:
                raise error
            return replace(pending, attached=True)

    def read_cover(self, cover_id: str, *, buyer_id: str) -> Cover | None:
        """Return a decision by its number, in force or not, for one that left the list of covers.

        :return: None when the provider has only the request
        :raise NotFoundError: the provider does not know it any more
        """
        raise NotImplementedError(f"{type(self).__name__} cannot read one cover")

    def _find_pending(self, buyer_id: str) -> CoverRequest | None:
        """Return the open request for a buyer.

        :raise UnexpectedAnswerError: unnamed_request, one is open that does not say for whom: it
            may be this buyer's
        """
        unnamed = None
        for request in self._iterate_pending():
            if request.buyer_id == buyer_id:
                return request
            if not request.buyer_id:
                unnamed = unnamed or request
        if unnamed:
            raise UnexpectedAnswerError(
                'unnamed_request', f"request {unnamed.request_id} does not name its company",
                details={'request': unnamed.request_id})
        return None

    def _iterate_pending(self) -> Iterable[CoverRequest]:
        """Iterate over the open requests; an insurer with requests says how."""
        raise NotImplementedError(f"{type(self).__name__} has no list of requests")

    @staticmethod
    def _compare(granted: Decimal, requested: Decimal | None,
                 previous: Decimal | None) -> CoverStatus:
        """Return what a grant is, compared with what was asked and with what was in force."""
        if previous is not None and granted < previous:
            return CoverStatus.REDUCED
        if requested is None or granted >= requested:
            return CoverStatus.GRANTED
        if previous is not None and granted == previous:
            return CoverStatus.INCREASE_REFUSED
        return CoverStatus.GRANTED_PARTIAL

    @staticmethod
    def _is_answer_to(cover: Cover, order: CoverOrder) -> bool:
        """Tell whether a decision is the one that was asked for by an order."""
        if cover.own_reference:
            return cover.own_reference == order.reference
        return cover.buyer_id == order.buyer_id and cover.requested == order.amount
