"""Statements that PostgreSQL plans once, not at every call, where one transaction asks again.

Planning a statement over ten tables takes ten times as long as running it for one customer.
`PREPARE` keeps the plan, but on the server's side of one connection, and not for long: Odoo's pool
discards it before the connection serves the next request, and a pooler in between may hand over
another one. Then to prepare would cost more than to run. So the first call of a transaction runs
the plain statement; the second one (an import, a scheduled action that confirms one order after the
other) finds out what its connection knows and prepares what is missing. The answer is the same.
"""

import hashlib
import itertools
import logging
import re
from datetime import date, datetime
from decimal import Decimal

import psycopg2

from odoo.tools import SQL

from .transaction import get_memory

_logger = logging.getLogger(__name__)

PREFIX = 'ar_'
# Our prepared statements on this connection.
NAMES = SQL("SELECT name FROM pg_prepared_statements WHERE starts_with(name, %s)", PREFIX)
# Before the next statement of the transaction: plans are chosen as ever.
RESET = SQL("SET LOCAL plan_cache_mode TO DEFAULT;")
MEMORY = 'ar_collections.prepared'
# Left on one connection, after rules were changed again and again.
MOST = 20
# What could not be prepared: (database, name).
REFUSED = set()
# As psycopg2 writes them: a float is a number with decimals, not a binary one.
TYPES = {bool: 'boolean', int: 'integer', float: 'numeric', Decimal: 'numeric', date: 'date',
         datetime: 'timestamp'}


def execute_prepared(env, query):
    """Run a query; from the second call of a transaction on with a plan that is kept.

    The plan is made without looking at the values: for statements about few customers only.

    :param SQL query: the same text each time, with other values
    :return: rows as tuples; the columns stand in `env.cr.description`
    """
    memory = get_memory(env.cr, MEMORY)
    if query.code not in memory:
        memory[query.code] = True
        return env.execute_query(query)
    names = memory.get('names')
    if names is None:
        names = memory['names'] = {name for name, in env.execute_query(NAMES)}
    params = query.params
    types = [_get_type(value) for value in params]
    name = _get_name(env, query.code, types)
    if name not in names and not _prepare(env, name, query.code, types, names):
        return env.execute_query(query)
    memory['is_forced'] = True
    # psycopg2 writes a tuple as a list of values in brackets.
    return env.execute_query(SQL(
        "SET LOCAL plan_cache_mode = force_generic_plan; EXECUTE %s %s", SQL.identifier(name),
        tuple(params) if params else SQL(""), to_flush=query.to_flush))


def take_reset(env):
    """Return what the next statement begins with: `SQL`.

    Plans are chosen as ever from there on, also for whoever shares the transaction.
    """
    return RESET if get_memory(env.cr, MEMORY).pop('is_forced', False) else SQL("")


def _get_type(value):
    """Return the PostgreSQL type of a value; what is unknown here, PostgreSQL finds out."""
    if isinstance(value, (list, tuple)):
        return f'{_get_type(value[0])}[]' if value and isinstance(value[0], int) else 'unknown'
    if type(value) is int and abs(value) >= 2**31:
        return 'bigint'
    return TYPES.get(type(value), 'unknown')


def _get_name(env, code, types):
    """Return a name that changes with the text, the types and the installed version.

    After an update a column may have another type; PostgreSQL refuses the plan made before.
    """
    text = f"{env.registry.registry_sequence} {types} {code}"
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()[:32]


def _prepare(env, name, code, types, names):
    """Prepare a statement on this connection; return whether it worked."""
    if (env.cr.dbname, name) in REFUSED or len(names) >= MOST:
        return False
    numbers = itertools.count(1)
    text = re.sub('%(s|%)', lambda hit: '%' if hit[1] == '%' else f'${next(numbers)}', code)
    try:
        with env.cr.savepoint(flush=False):
            # The text is that of an SQL object, its values stay outside.
            env.cr.execute(  # pylint: disable=sql-injection
                f"PREPARE {name} ({', '.join(types)}) AS {text}", log_exceptions=False)
    except psycopg2.Error as error:
        REFUSED.add((env.cr.dbname, name))
        _logger.info("A statement is not prepared, it runs as it is: %s", error)
        return False
    names.add(name)
    return True
