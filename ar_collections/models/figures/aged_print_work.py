import base64
import gzip
import json
import logging
import time

import psycopg2
from psycopg2.errors import SerializationFailure

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import split_every
from odoo.tools.pdf import merge_pdf

from .aged_print import OPEN
from .aged_report_pdf import PAGES_PER_RUN

_logger = logging.getLogger(__name__)

# Odoo calls a scheduled action ten times after its first ten seconds, then makes it wait a minute:
# calls of this length do most of a document in one turn, and stay below a worker's two minutes.
CALL_SECONDS = 6
# A part that stops the server each time is not tried for ever.
MAX_TRIES = 3


class ArAgedPrint(models.Model):
    """What the scheduler does: read once, print part by part, join."""
    _inherit = 'ar.aged.print'

    @api.model
    def _cron_print(self):
        """Scheduled action: one step after the other, each committed. Safe to run twice and to
        kill anywhere.
        """
        progress, clock = self.env['ir.cron']._commit_progress, time.monotonic()
        progress(remaining=self._count_steps())
        while job := self.search([('state', 'in', OPEN)], order='id', limit=1):
            job._take_step()
            self.env.invalidate_all()
            left = progress(1, remaining=self._count_steps())
            if not left and time.monotonic() - clock > CALL_SECONDS:
                break

    @api.model
    def _count_steps(self):
        """Return how many steps are left, as far as one knows before the figures are read."""
        jobs = self.search([('state', 'in', OPEN)])
        return len(jobs) + self.env['ar.aged.print.part'].search_count(
            [('print_id', 'in', jobs.ids), ('printed_at', '=', False)])

    def _take_step(self):
        """Read the figures, print the next part, or join the parts."""
        self.ensure_one()
        part = self.part_ids.filtered(lambda one: not one.printed_at)[:1]
        if part and not (part._begin() and part.exists()):
            return  # Too often, or deleted by whoever asked.
        try:
            with self.env.cr.savepoint():
                if part:
                    part._print()
                elif self.state == 'waiting':
                    self._read()
                else:
                    self._join()
        except SerializationFailure:
            # Somebody pressed Stop meanwhile: what was made is given up, and nothing is lost.
            _logger.info("Aged balance %s was changed while it was worked on", self.id)
        except psycopg2.OperationalError:
            raise
        except UserError as error:  # AccessError and ValidationError too
            self._set_failed(str(error))
        except Exception as error:
            _logger.info("Aged balance %s cannot be printed: %r", self.id, error)
            self._set_failed(self.env._("It could not be printed: %s", error))

    def _get_report(self):
        """Return `ar.aged.report` as the person who asked, in their language.

        :raise UserError: when they lost the right meanwhile
        """
        user, companies = self.user_id, self.company_ids
        if not user.active or companies - user.company_ids:
            raise UserError(self.env._("%s does not work in these companies.", user.name))
        ordered = [self.company_id.id, *(companies - self.company_id).ids]
        Report = self.env['ar.aged.report'].with_user(user).with_context(
            lang=self.lang, tz=self.tz, allowed_company_ids=ordered)
        Report.env['ar.aged.balance'].check_access('read')
        return Report

    def _read(self):
        """Read the figures, all in this transaction, and keep the pages part by part."""
        Report, question = self._get_report(), self.question
        dataset = Report._get_sliced_dataset(
            question['options'], question['domain'], group_by=question['group_by'])
        if not dataset['item_count']:
            raise UserError(Report.env._("Nothing was open on that day."))
        values = Report._get_page_values(dataset)
        count = 0
        for number, pages in enumerate(split_every(
                PAGES_PER_RUN, Report._iter_pages(dataset), list), 1):
            self.env['ar.aged.print.part'].create({
                'print_id': self.id, 'number': number, 'first_page': count + 1,
                'page_count': len(pages), 'pages': _pack(pages)})
            count += len(pages)
        self.write({
            'state': 'printing', 'read_at': fields.Datetime.now(), 'page_values': values,
            'page_count': count, 'item_count': dataset['item_count'],
            'customer_count': dataset['customer_count'],
            'description': ' · '.join(f'{label} {text}' for label, text in values['parameters'])})

    def _join(self):
        """Make one document of the parts, hand it over and forget them."""
        Report = self._get_report()
        parts = self.part_ids.with_context(bin_size=False)
        content = merge_pdf([base64.b64decode(part.content) for part in parts])
        attachment = self.env['ir.attachment'].create({
            'name': Report._get_file_name(self.date, 'pdf'), 'raw': content,
            'mimetype': 'application/pdf', 'res_model': self._name, 'res_id': self.id})
        self.part_ids.content = False
        self.write({
            'state': 'done', 'done_at': fields.Datetime.now(), 'attachment_id': attachment.id})
        self._tell('success', Report.env._(
            "The aged balance is ready: %s pages", Report._format(self.page_count, 0)))


class ArAgedPrintPart(models.Model):
    """Some pages of a long aged balance: their text until they are printed, then their PDF."""
    _name = 'ar.aged.print.part'
    _description = "Part of an aged balance printed in the background"
    _order = 'print_id, number'

    print_id = fields.Many2one(
        'ar.aged.print', string="Aged balance in PDF", required=True, index=True,
        ondelete='cascade')
    company_id = fields.Many2one(related='print_id.company_id', store=True, index=True)
    number = fields.Integer(required=True)
    first_page = fields.Integer(required=True)
    page_count = fields.Integer(required=True)
    # Lines as they will stand on the paper: nothing is read again, so nothing can have moved.
    pages = fields.Binary(attachment=True)
    content = fields.Binary(attachment=True)
    tries = fields.Integer()
    printed_at = fields.Datetime()

    _number_uniq = models.Constraint('UNIQUE(print_id, number)', "A part is printed once.")

    def _begin(self):
        """Record that the part is being printed, before it is.

        :return: whether to print it; False when it stopped the server too often
        """
        self.ensure_one()
        if self.tries >= MAX_TRIES:
            self.print_id._set_failed(self.env._(
                "Pages %(first)s to %(last)s stopped the server %(count)s times. Choose fewer "
                "customers, or take the XLSX.", first=self.first_page, count=self.tries,
                last=self.first_page + self.page_count - 1))
            return False
        self.tries += 1
        self.env['ir.cron']._commit_progress()
        return True

    def _print(self):
        """Print these pages; the transaction of the caller keeps them."""
        job = self.print_id
        pages = _unpack(self.with_context(bin_size=False).pages)
        content = job._get_report()._print_pages(
            job.page_values, pages, self.first_page, job.page_count)
        self.write({
            'content': base64.b64encode(content), 'pages': False,
            'printed_at': fields.Datetime.now()})


def _pack(pages):
    return base64.b64encode(gzip.compress(json.dumps(pages).encode()))


def _unpack(packed):
    return json.loads(gzip.decompress(base64.b64decode(packed)))
