"""What insolvency notices of the BODACC mean. No call is made here.

Nature wordings as seen (OD-5), compared without accents and case. A wording that is not listed
means 'to_check', never 'healthy'. No notice means that none was found, not that a company is sound.
"""
import enum
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from .results import CompanyEvent


class Notice(enum.StrEnum):
    """What a notice says."""

    SAFEGUARD = 'safeguard'
    REORGANISATION = 'reorganisation'
    LIQUIDATION = 'liquidation'
    CONVERSION = 'conversion_to_liquidation'
    CONCILIATION = 'conciliation'
    RECOVERY = 'personal_recovery'
    PLAN = 'plan'
    PLAN_ENDED = 'plan_ended'
    CLOSED_UNPAID = 'closed_for_lack_of_assets'
    CLOSED_PAID = 'closed_debts_paid'
    CLAIMS_FILED = 'list_of_claims'
    EXTENSION = 'extension'
    REVERSED = 'reversed'
    STRUCK_OFF = 'struck_off'
    TO_CHECK = 'to_check'


class Insolvency(enum.StrEnum):
    """Where a company stands after all its notices."""

    NONE_FOUND = 'none_found'
    CONCILIATION = 'conciliation'
    SAFEGUARD = 'safeguard'
    REORGANISATION = 'reorganisation'
    LIQUIDATION = 'liquidation'
    PLAN = 'plan'
    CLOSED = 'closed'
    CLOSED_UNPAID = 'closed_unpaid'
    TO_CHECK = 'to_check'


OPENINGS = frozenset({
    Notice.SAFEGUARD, Notice.REORGANISATION, Notice.LIQUIDATION, Notice.RECOVERY})

# Read from the top: the first line whose words all stand in the text decides.
WORDINGS = (
    (Notice.REVERSED, ('infirm',)), (Notice.REVERSED, ('retractation',)),
    (Notice.REVERSED, ('annul', 'jugement')),
    (Notice.CLAIMS_FILED, ('depot', 'etat des creances')),
    (Notice.CLAIMS_FILED, ('etat des creances',)), (Notice.CLAIMS_FILED, ('liste des creances',)),
    (Notice.CLOSED_UNPAID, ('cloture', 'insuffisance')),
    (Notice.CLOSED_PAID, ('cloture', 'extinction')),
    (Notice.PLAN_ENDED, ('fin', 'plan')), (Notice.TO_CHECK, ('resolution', 'plan')),
    (Notice.CONVERSION, ('conversion', 'liquidation')),
    (Notice.REORGANISATION, ('conversion', 'redressement')),
    (Notice.EXTENSION, ('extension',)),
    (Notice.PLAN, ('plan', 'arret')), (Notice.PLAN, ('plan', 'modifi')),
    (Notice.PLAN, ('plan', 'homologu')), (Notice.PLAN, ('adopt', 'plan')),
    (Notice.TO_CHECK, ('plan',)), (Notice.TO_CHECK, ('cloture',)),
    (Notice.TO_CHECK, ('interdiction',)), (Notice.TO_CHECK, ('faillite personnelle',)),
    (Notice.TO_CHECK, ('rejet',)), (Notice.TO_CHECK, ('fin',)),
    (Notice.TO_CHECK, ('modifi', 'date')),
    (Notice.SAFEGUARD, ('ouverture', 'sauvegarde')),
    (Notice.REORGANISATION, ('ouverture', 'redressement')),
    (Notice.LIQUIDATION, ('ouverture', 'liquidation')),
    (Notice.LIQUIDATION, ('pronon', 'liquidation')),
    (Notice.RECOVERY, ('ouverture', 'retablissement professionnel')),
    (Notice.CONCILIATION, ('conciliation',)),
)
GENERIC = ('autre jugement', 'autres jugements')


def normalise(text: str) -> str:
    """Return a text in lower case, without accents."""
    decomposed = unicodedata.normalize('NFKD', text or '')
    return ''.join(c for c in decomposed if not unicodedata.combining(c)).lower()


def read_nature(nature: str, complement: str = '', family: str = '') -> Notice:
    """Return what a judgment is. A generic nature hides the event in its complement.

    :param family: `famille` of the judgment; an opening is one only where it says so or is silent
    """
    text = normalise(nature)
    if not text or any(word in text for word in GENERIC):
        text = normalise(complement)
    notice = next((
        kind for kind, words in WORDINGS if all(word in text for word in words)), None)
    if notice is None:
        # "Liquidation judiciaire" alone is an opening only in the family of openings.
        if 'ouverture' in normalise(family):
            notice = next((
                kind for kind, word in (
                    (Notice.LIQUIDATION, 'liquidation'), (Notice.REORGANISATION, 'redressement'),
                    (Notice.SAFEGUARD, 'sauvegarde')) if word in text), None)
    return notice or Notice.TO_CHECK


NEXT = {
    Notice.SAFEGUARD: Insolvency.SAFEGUARD, Notice.REORGANISATION: Insolvency.REORGANISATION,
    Notice.LIQUIDATION: Insolvency.LIQUIDATION, Notice.CONVERSION: Insolvency.LIQUIDATION,
    Notice.RECOVERY: Insolvency.LIQUIDATION, Notice.PLAN: Insolvency.PLAN,
    Notice.CONCILIATION: Insolvency.CONCILIATION,
    Notice.PLAN_ENDED: Insolvency.CLOSED, Notice.CLOSED_PAID: Insolvency.CLOSED,
    Notice.CLOSED_UNPAID: Insolvency.CLOSED_UNPAID, Notice.STRUCK_OFF: Insolvency.CLOSED,
    Notice.EXTENSION: Insolvency.TO_CHECK, Notice.REVERSED: Insolvency.TO_CHECK,
    Notice.TO_CHECK: Insolvency.TO_CHECK,
}


@dataclass(frozen=True)
class Standing:
    """Where a company stands. `opened` is the opening notice in force: claims must be filed within
    two months of *its* publication day (`published_on`), not of the judgment."""

    state: Insolvency
    opened: CompanyEvent | None = None
    #: Notices that a person must read.
    to_check: tuple[CompanyEvent, ...] = ()
    #: Notices that were taken into account, oldest first.
    history: tuple[CompanyEvent, ...] = field(default=(), repr=False)


def read_standing(notices: Iterable[CompanyEvent]) -> Standing:
    """Run the notices of one company through a small machine of states.

    Cancelled and corrected notices drop out first; then judgments in the order of their day, and of
    publication. The same judgment published twice counts once, from its first publication.
    """
    notices = {notice.event_id: notice for notice in notices}.values()
    undone = {x.details['replaces'] for x in notices if x.details.get('replaces')}
    in_force = [
        x for x in notices
        if x.event_id not in undone and x.details.get('type') != 'annulation'
    ]
    # A cancellation that names no notice may concern any of them.
    loose = [
        x for x in notices
        if x.details.get('type') == 'annulation' and not x.details.get('replaces')
    ]
    in_force.sort(key=lambda x: (
        x.happened_on or x.published_on or date.min, x.published_on or date.min, x.event_id))
    state, opened, to_check, seen = Insolvency.NONE_FOUND, None, list(loose), set()
    for notice in in_force:
        judgment = (notice.kind, notice.happened_on)
        if notice.happened_on and judgment in seen and notice.kind != Notice.TO_CHECK:
            continue
        seen.add(judgment)
        kind = Notice(notice.kind)
        if kind in OPENINGS:
            opened = notice
        if kind == Notice.CLAIMS_FILED:
            continue
        following = NEXT[kind]
        if following == Insolvency.TO_CHECK:
            to_check.append(notice)
            # What is known to be grave stays grave while somebody reads the rest.
            if state != Insolvency.NONE_FOUND:
                continue
        state = following
    if loose and state == Insolvency.NONE_FOUND:
        state = Insolvency.TO_CHECK
    return Standing(state, opened, tuple(to_check), tuple(in_force))
