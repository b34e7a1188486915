"""What is remembered for one transaction, one beside the caller's, the end of a reading one, and
one that is done again."""
import contextlib
import random
import time

from psycopg2.errors import UniqueViolation

from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.sql_db import Cursor
from odoo.tools import SQL

# Somebody else has written the same rows, or created the same one, since the transaction began:
# what is read afresh is right.
CONFLICTS = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, UniqueViolation)
# As often as Odoo does it again for a request of a user.
TRIES = 5


def get_memory(cr, name):
    """Return a dictionary that is forgotten with the transaction, committed or rolled back.

    `cr.cache` alone lives as long as the cursor: Odoo runs a request again on the same cursor
    after a conflict, and a scheduled action commits many times on one. Savepoints do not count.

    :param cr: cursor of Odoo
    :param str name: of the dictionary, one for each purpose
    :rtype: dict
    """
    if name not in cr.cache:
        def forget():
            cr.cache.pop(name, None)

        cr.cache[name] = {}
        cr.postcommit.add(forget)
        cr.postrollback.add(forget)
    return cr.cache[name]


def end_reading(env):
    """End a transaction that has only read, before somebody outside is asked.

    However long the answer takes, no transaction stays open meanwhile ("idle in transaction"
    keeps dead rows from being cleaned up everywhere). What is read afterwards is read afresh. For
    a button on saved records: not in an onchange, not within a savepoint.

    Nothing is ever committed here. Where something was written or locked, or waits for the commit,
    the transaction stays as it is: a transaction without a number (xid) has done neither.

    :param env: its transaction is ended
    :return: whether it was ended
    """
    env.flush_all()
    if env.cr.precommit or env.cr.postcommit:
        return False
    [(is_clean,)] = env.execute_query(SQL("SELECT pg_current_xact_id_if_assigned() IS NULL"))
    if is_clean:
        env.cr.rollback()
    return is_clean


@contextlib.contextmanager
def open_beside(registry):
    """Open a transaction beside the caller's, committed at the end.

    For counters and notes that outlive what they are about. Its statements see what others have
    committed in the meantime (READ COMMITTED): under Odoo's own level the second of two processes
    that count in one row at once would fail, and its caller would lose an answer over a counter.

    :param registry: of the database
    :return: context manager that gives a cursor
    """
    with registry.cursor() as cr:
        # The cursor of a test is in the test's transaction, whose level stands.
        if isinstance(cr, Cursor):
            cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        yield cr


def write_again(env, work):
    """Write what follows from an answer, again when somebody else has written the same rows.

    Nobody does it again for a scheduled action, and what a provider has answered would be lost
    with the transaction: a billed call, a cover. Whatever must stay has to be committed before.

    :param env: its transaction is rolled back between two tries
    :param work: function without arguments that reads and writes the database, and nothing else
    :return: what the function returns; it is flushed, not committed
    """
    for tries_left in reversed(range(TRIES)):
        try:
            # What was read before the answer came is old.
            end_reading(env)
            result = work()
            env.cr.flush()
        except CONFLICTS:
            env.cr.rollback()
            if not tries_left:
                raise
            time.sleep(random.uniform(0, 0.2))
        else:
            return result
    raise AssertionError("not reached")
