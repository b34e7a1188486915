from dataclasses import dataclass
from datetime import date
from typing import Any

from odoo import fields, models
from odoo.tools.misc import split_every

from ...connectors.errors import (
    ConfigurationError,
    ConnectorError,
    NotFoundError,
    RefusedError,
)
from .provider_codes import REGISTERS

# Companies asked for between two commits: the calls are free, a repeated one costs nothing.
BATCH = 20
# Legal form of a natural person in business: nothing that names them is kept.
NATURAL_PERSON = '1000'


@dataclass(frozen=True)
class Standing:
    """What a register says of one SIREN. `state` is one of `register_watch.STATES`."""

    state: str
    closed_on: date | None = None
    name: str = ''
    siret: str = ''
    replaced_by: str = ''
    #: What a person must look at, in the register's own words.
    remark: str = ''
    #: The typed result, for the inbox; None where nothing of it is kept.
    result: Any = None


class ArProvider(models.Model):
    """EXTENDS the public registers: does each company still exist, and under which name."""
    _inherit = 'ar.provider'

    watch_days = fields.Integer(
        string="Look at each company every (days)", default=1,
        help="1: every night. More: each night its share of the customers, for a register that "
             "allows few calls (INSEE: 30 in a minute).")

    _watch_days_positive = models.Constraint(
        'CHECK(watch_days IS NULL OR watch_days > 0)', "A company is looked at every day or later.")

    def _get_public_steps(self):
        """EXTENDS the public registers."""
        if self.code in REGISTERS:
            return [('register', self._poll_register)]
        return super()._get_public_steps()

    def _count_public_due(self):
        """EXTENDS the public registers."""
        if self.code in REGISTERS:
            return len(self._get_register_todo())
        return super()._count_public_due()

    def _get_register_todo(self):
        """Return [(SIREN, customer ids)] to ask for now, those never asked first.

        Of a longer rhythm than a day, each day takes its share and no more.
        """
        company = self.company_id
        if not company.ar_register_active or not self._counts() or not self._is_register():
            return []
        today = company._get_ar_today()
        customers = self.env['ar.customer'].search([('company_id', '=', company.id)], order='id')
        sirens, found = customers._get_sirens(), {}
        for customer in customers.filtered(lambda customer: customer.id in sirens):
            found.setdefault(sirens[customer.id], []).append(customer)
        todo, done = [], 0
        for siren, group in found.items():
            asked = min(
                (customer.register_checked_on if customer.register_siren == siren else None)
                or date.min for customer in group)
            if asked < today:
                todo.append((asked, siren, [customer.id for customer in group]))
            else:
                done += 1
        todo.sort(key=lambda row: row[0])
        share = -(-len(found) // (self.watch_days or 1))
        return [(siren, ids) for _asked, siren, ids in todo[:max(share - done, 0)]]

    def _poll_register(self, client):
        """Ask for the companies that are due; what cannot be read keeps what is known."""
        company = self.company_id
        for part in split_every(BATCH, self._get_register_todo(), list):
            done, error = 0, None
            everyone = self.env['ar.customer'].browse(
                [customer_id for _siren, ids in part for customer_id in ids])
            for siren, customer_ids in part:
                try:
                    standing = self._ask_register(client, siren)
                except (ConnectorError, ConfigurationError) as caught:
                    error = caught
                    if self._is_problem(caught) or not self._may_poll():
                        break
                    continue
                for customer in everyone.browse(customer_ids).with_prefetch(everyone.ids):
                    customer._take_register(self, siren, standing)
                done += 1
            code = error.code if error else False
            if (company.ar_register_error or False) != code:
                company.ar_register_error = code
            yield done
            if error:
                self._stop_after(error)

    def _is_answer(self, error):
        """EXTENDS: that a register does not know or does not show a company is its answer."""
        if self.code in REGISTERS and (
                isinstance(error, NotFoundError) or error.code == 'not_diffusible'):
            return True
        return super()._is_answer(error)

    def _ask_register(self, client, siren):
        """Return the `Standing` of a SIREN.

        :raise ConnectorError: nothing was learnt
        """
        try:
            company = self._call('get_company', siren, client=client)
        except NotFoundError as error:
            if error.code == 'duplicate':
                return Standing('replaced', replaced_by=error.details.get('replaced_by') or '')
            return Standing('missing')
        except RefusedError as error:
            if error.code == 'not_diffusible':
                return Standing('missing')
            raise
        remark = "\n".join(
            f"{item.code}: {item.field} {item.value}".strip() for item in company.attention)
        state = {True: 'active', False: 'closed'}.get(company.active, 'to_check')
        person = company.legal_form == NATURAL_PERSON
        return Standing(
            'to_check' if remark and state == 'active' else state, company.closed_on,
            name='' if person else company.name, siret=company.number('siret'), remark=remark,
            result=None if person else company)
