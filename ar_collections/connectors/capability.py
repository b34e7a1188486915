"""What a client can do, declared on the method that does it, so that flags cannot lie."""
import enum
import functools
from collections.abc import Callable
from dataclasses import dataclass

from .results import Confidence


class Capability(enum.StrEnum):
    """Operations of the common interface; the value is the name of the method."""

    TEST_CONNECTION = 'test_connection'
    SEARCH_COMPANY = 'search_company'
    GET_COMPANY = 'get_company'
    GET_PARENTS = 'get_parents'
    IDENTIFY_COMPANY = 'identify_company'
    GET_RATING = 'get_rating'
    ORDER_RATING = 'order_rating'
    POLL_ORDER = 'poll_order'
    REQUEST_COVER = 'request_cover'
    FIND_REQUEST = 'find_request'
    POLL_REQUEST = 'poll_request'
    GET_COVER = 'get_cover'
    LIST_COVERS = 'list_covers'
    LIST_REQUESTS = 'list_requests'
    CHANGE_COVER = 'change_cover'
    REQUEST_TOPUP = 'request_topup'
    GET_POLICY = 'get_policy'
    DECLARE_OVERDUE = 'declare_overdue'
    EXTEND_DUE_DATE = 'extend_due_date'
    RESCHEDULE = 'reschedule'
    GET_OVERDUE = 'get_overdue'
    START_MONITORING = 'start_monitoring'
    STOP_MONITORING = 'stop_monitoring'
    LIST_CHANGES = 'list_changes'
    LIST_NOTICES = 'list_notices'
    CHECK_VAT = 'check_vat'
    PARSE_CALLBACK = 'parse_callback'


class Support(enum.StrEnum):
    """How a provider offers an operation."""

    NO = 'no'
    #: The contract is closed: data pack, reference and date typed in by a person.
    MANUAL = 'manual'
    #: Rests on assumptions: off until somebody who has the contract switches it on.
    UNCONFIRMED = 'unconfirmed'
    YES = 'yes'


@dataclass(frozen=True)
class Spec:
    """What is declared about one operation of a client."""

    capability: Capability
    confidence: Confidence


def provides(confidence: Confidence) -> Callable:
    """Declare that a method is the operation of its name.

    :param confidence: how well its contract is known
    """
    def decorate(method):
        spec = Spec(Capability(method.__name__), confidence)

        @functools.wraps(method)
        def call(self, *args, **kwargs):
            self.require(spec.capability)
            return method(self, *args, **kwargs)

        call.spec = spec
        return call

    return decorate
