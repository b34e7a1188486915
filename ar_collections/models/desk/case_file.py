import hashlib
import io
import os
import re
import unicodedata
import zipfile
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

# With more documents than this, a job makes the file.
AT_ONCE = 25
# The dates in a ZIP would make two files of the same content differ.
EPOCH = (1980, 1, 1, 0, 0, 0)
PDF_DATE = re.compile(rb'(/(?:Creation|Mod)Date\s*\()([^)]*)(\))')


def clean_name(text, limit=60):
    """Return a file name that is safe on every system: ASCII, no path, no leading dot."""
    plain = unicodedata.normalize('NFKD', text or '').encode('ascii', 'ignore').decode()
    plain = re.sub(r'[^A-Za-z0-9._-]+', '-', plain)
    plain = re.sub(r'[.-]{2,}', '-', plain).strip('.-_')
    return plain[:limit].strip('.-_') or 'document'


def steady_pdf(content):
    """Blank the day of making in a PDF, so that the same page always has the same hash.

    As many bytes as before: the table of offsets stays right.
    """
    return PDF_DATE.sub(
        lambda found: found[1] + b'D:19800101000000Z'.ljust(len(found[2]))[:len(found[2])]
        + found[3], content)


@contextmanager
def steady_fonts():
    """Let wkhtmltopdf write the fonts of a page in the same order each time.

    Qt shuffles them by a random seed; this variable of its own sets it to zero.
    """
    before = os.environ.get('QT_HASH_SEED')
    os.environ['QT_HASH_SEED'] = '0'
    try:
        yield
    finally:
        if before is None:
            os.environ.pop('QT_HASH_SEED', None)
        else:
            os.environ['QT_HASH_SEED'] = before


class ArCaseFileKept(models.AbstractModel):
    """Evidence: made by the button of the case, never changed afterwards."""
    _name = 'ar.case.file.kept'
    _description = "Part of a case file that nobody changes"

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("A case file is made by the button of the case."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("A case file is never changed: make another one."))
        return super().write(vals)


class ArCaseFile(models.Model):
    """The file for the agency, the lawyer or the court: a ZIP of everything, with its hashes.

    The row comes first with the list of its documents; each document is made once and kept with
    its hash, so that a job that was killed goes on where it stood.
    """
    _name = 'ar.case.file'
    _description = "Case file"
    _inherit = ['ar.case.file.kept']
    _order = 'id desc'
    _check_company_auto = True

    case_id = fields.Many2one('ar.legal.case', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='case_id.customer_id', store=True)
    company_id = fields.Many2one(related='case_id.company_id', store=True, index=True)
    name = fields.Char(required=True, readonly=True)
    date = fields.Date(required=True, readonly=True, help="As known on this day.")
    user_id = fields.Many2one('res.users', string="Made by", readonly=True)
    lang = fields.Char(readonly=True)
    state = fields.Selection(
        [('waiting', "Being made"), ('done', "Ready"), ('failed', "Failed")],
        required=True, default='waiting', readonly=True, index=True)
    error = fields.Char(readonly=True, help="What could not be made, and why.")
    document_ids = fields.One2many('ar.case.file.document', 'file_id', readonly=True)
    document_count = fields.Integer(compute='_compute_document_count')
    attachment_id = fields.Many2one('ir.attachment', string="ZIP", readonly=True)
    sha256 = fields.Char(string="SHA-256 of the ZIP", readonly=True)

    @api.depends('document_ids')
    def _compute_document_count(self):
        for one in self:
            one.document_count = len(one.document_ids)

    # === MAKING === #

    @api.model
    def _start(self, case):
        """List the documents of a case, and make the file at once when there are few.

        :param case: `ar.legal.case`, one; the caller has asked for the right
        :return: the `ar.case.file`
        """
        case.ensure_one()
        waiting = self.sudo().search(
            [('case_id', '=', case.id), ('state', '=', 'waiting')], limit=1)
        if waiting:
            return waiting.with_env(self.env)
        # sudo: the right to hand over the case was checked; the documents come with it.
        lang = case.company_id.partner_id.lang or self.env.lang
        file = self.sudo().with_context(lang=lang).create({
            'case_id': case.id, 'date': case.company_id._get_ar_today(), 'lang': lang,
            'user_id': self.env.uid, 'name': clean_name(
                f"{case.name}-{case.customer_id.partner_id.name}")})
        file._list_documents()
        if len(file.document_ids) <= AT_ONCE:
            file._make()
        else:
            self.env.ref('ar_collections.ir_cron_ar_case_file').sudo()._trigger()
        return file.with_env(self.env)

    def _make(self, keep_on=None):
        """Make what is missing, then the ZIP.

        :param keep_on: called after each document; makes it durable and tells whether to go on
        :return: whether the file is ready
        """
        self.ensure_one()
        for document in self.document_ids.filtered(lambda one: not one.sha256 and not one.error):
            document._make()
            if keep_on and not keep_on():
                return False
        self._zip()
        return True

    def _zip(self):
        """Put the documents together with the index and the hashes; same content, same bytes."""
        self.ensure_one()
        documents = self.document_ids.sorted('path')
        files = {one.path: one.attachment_id.raw for one in documents if one.sha256}
        files['index.csv'] = self._get_index(documents)
        files['SHA256SUMS'] = "".join(
            f"{hashlib.sha256(content).hexdigest()}  {path}\n"
            for path, content in sorted(files.items())).encode()
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, 'w', zipfile.ZIP_DEFLATED) as archive:
            for path, content in sorted(files.items()):
                info = zipfile.ZipInfo(f"{self.name}/{path}", EPOCH)
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(info, content)
        content = stream.getvalue()
        failed = documents.filtered('error')
        self.write({
            'state': 'done', 'sha256': hashlib.sha256(content).hexdigest(),
            'error': self.env._(
                "%s documents could not be made: see the list.", len(failed)) if failed else False,
            'attachment_id': self.env['ir.attachment'].create({
                'name': f"{self.name}.zip", 'raw': content, 'mimetype': 'application/zip',
                'res_model': self._name, 'res_id': self.id}).id})
        self.case_id._log_step(
            self.case_id.stage, self.env._(
                "Case file made: %(count)s documents, SHA-256 %(hash)s",
                count=len(files), hash=self.sha256), kind='file')

    def _get_index(self, documents):
        """Return the table of contents: path, what it is, day, where it comes from, hash."""
        env = self.with_context(lang=self.lang).env
        rows = [[env._("File"), env._("What"), env._("Date"), env._("Origin"), "SHA-256"]]
        rows += [[
            one.path, one.name, one.date and one.date.isoformat() or '',
            dict(one._fields['origin']._description_selection(env))[one.origin],
            one.sha256 or env._("missing: %s", one.error)] for one in documents]
        return "".join(
            ";".join('"%s"' % self._quote(cell) for cell in row) + "\r\n" for row in rows
        ).encode('utf-8-sig')

    @staticmethod
    def _quote(cell):
        """Quote a cell; a spreadsheet must not take it for a formula."""
        cell = str(cell).replace('"', '""')
        return f"'{cell}" if cell[:1] in '=+-@\t\r' else cell

    @api.model
    def _cron_make(self):
        """Scheduled action: go on with the files that are being made."""
        files = self.search([('state', '=', 'waiting')], order='id')
        self.env['ir.cron']._commit_progress(remaining=len(files))
        for file in files:
            file = file.try_lock_for_update().filtered(lambda one: one.state == 'waiting')
            if file and not file.with_context(lang=file.lang)._make(
                    keep_on=lambda: self.env['ir.cron']._commit_progress()):
                break
            if not self.env['ir.cron']._commit_progress(1):
                break

    # === ACTIONS === #

    def action_download(self):
        """Download the ZIP; its attachment is open to whoever may read this row."""
        self.ensure_one()
        self.check_access('read')
        if self.state != 'done':
            raise UserError(self.env._("The file is still being made: look again in a minute."))
        return {
            'type': 'ir.actions.act_url', 'target': 'download',
            'url': f'/web/content/{self.attachment_id.id}?download=true',
        }


class ArCaseFileDocument(models.Model):
    """One document of a case file: where it comes from, its bytes, its hash."""
    _name = 'ar.case.file.document'
    _description = "Document of a case file"
    _inherit = ['ar.case.file.kept']
    _order = 'path'

    file_id = fields.Many2one('ar.case.file', required=True, ondelete='cascade', index=True)
    customer_id = fields.Many2one(related='file_id.customer_id', store=True)
    company_id = fields.Many2one(related='file_id.company_id', store=True)
    path = fields.Char(required=True, readonly=True)
    name = fields.Char(string="What", required=True, readonly=True)
    date = fields.Date(readonly=True)
    origin = fields.Selection(
        [('stored', "As kept on file"), ('made', "Made for this file")], required=True,
        readonly=True)
    maker = fields.Char(required=True, readonly=True)
    res_id = fields.Integer(readonly=True)
    attachment_id = fields.Many2one('ir.attachment', readonly=True)
    sha256 = fields.Char(string="SHA-256", readonly=True)
    error = fields.Char(readonly=True)

    _path_uniq = models.Constraint(
        'UNIQUE(file_id, path)', "Two documents of a case file have the same name.")
