"""Looks for credentials wherever they could have gone: logs, every table, files, exports."""
import base64
import logging
from urllib.parse import quote


class Listener(logging.Handler):
    """Keeps everything that any logger says, tracebacks included."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []
        self.setFormatter(logging.Formatter('%(name)s %(message)s'))

    def emit(self, record):
        self.lines.append(self.format(record))

    def __enter__(self):
        root = logging.getLogger()
        self.before = root.level
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        # Odoo's own record of SQL would hold the credentials that are written; it is off in
        # production and is not what is looked at here.
        logging.getLogger('odoo.sql_db').setLevel(logging.INFO)
        return self

    def __exit__(self, *exception):
        root = logging.getLogger()
        root.removeHandler(self)
        root.setLevel(self.before)
        logging.getLogger('odoo.sql_db').setLevel(logging.NOTSET)


class SecretScan:
    """For a test case: `secrets` are looked for, in every spelling they take on the wire."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Rows of this transaction are younger than this.
        cls.env.cr.execute('SELECT pg_current_xact_id()::xid::text')
        cls.first_write = cls.env.cr.fetchone()[0]

    def get_secrets(self):
        """Return what must be found nowhere: all stored credentials, and what heirs add."""
        return {secret.value for secret in self.env['ar.provider.secret'].sudo().search([])}

    def get_spellings(self):
        return {spelling for value in self.get_secrets() for spelling in (
            value, quote(value, safe=''), base64.b64encode(value.encode()).decode())}

    def look_in(self, place, texts):
        """Fail when a credential stands in one of these texts."""
        spellings = self.get_spellings()
        for text in texts:
            for spelling in spellings:
                self.assertNotIn(spelling, text, f"a credential in {place}")

    def count_in_table(self, table):
        """Return how many rows that were written since the start of the class hold a secret."""
        self.env.cr.execute(
            f'SELECT COUNT(*) FROM "{table}" t'
            " WHERE age(t.xmin) <= age(%s::xid) AND EXISTS (SELECT 1 FROM UNNEST(%s) s(word)"
            " WHERE STRPOS(to_jsonb(t)::text, to_jsonb(word)::text) > 0"
            "    OR STRPOS(t::text, word) > 0)",
            [self.first_write, list(self.get_spellings())])
        return self.env.cr.fetchone()[0]

    def look_in_tables(self):
        """Every column of every table but the one that keeps them."""
        self.env.flush_all()
        self.env.cr.execute("""
            SELECT table_name FROM information_schema.tables
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE'""")
        tables = {row[0] for row in self.env.cr.fetchall()}
        self.assertLess({'ar_provider_event', 'mail_message', 'mail_activity', 'ir_attachment',
                         'ir_logging', 'ir_config_parameter', 'bus_bus', 'res_partner'}, tables)
        # Where they are kept, the search finds them: it is able to.
        self.assertTrue(self.count_in_table('ar_provider_secret'))
        for table in tables - {'ar_provider_secret'}:
            self.assertEqual(self.count_in_table(table), 0, f"a credential in {table}")

    def look_in_files(self):
        """What is attached lies in files beside the database, which tables do not show."""
        # Before, an attachment that repeats a secret: the search must be able to find one.
        spelling = next(iter(self.get_spellings()))
        planted = self.env['ir.attachment'].create({
            'name': "planted", 'raw': f"token {spelling}".encode()})
        self.assertTrue(planted.store_fname)
        with self.assertRaises(AssertionError):
            self.look_in("a planted file", self.read_files(planted))
        planted.unlink()
        files = self.env['ir.attachment'].sudo().with_context(active_test=False).search([
            '|', ('res_model', '=like', 'ar.%'), ('create_date', '>=', self.env.cr.now()),
            # Named, so that those of binary fields are found as well.
            '|', ('res_field', '=', False), ('res_field', '!=', False)])
        self.look_in("files", self.read_files(files))

    @staticmethod
    def read_files(files):
        return [(file.raw or b'').decode('utf-8', 'replace') for file in files]

    def look_in_exports(self, *models):
        """What an administrator exports and reads of all records of these models."""
        admin = self.user('admin', 'ar_admin')
        admin.group_ids += self.env.ref('base.group_allow_export')
        for model in models:
            records = self.env[model].with_user(admin).search([])
            self.assertTrue(records, f"nothing to export of {model}")
            names = [name for name, field in records._fields.items() if field.type not in (
                'one2many', 'many2many', 'binary') and records._has_field_access(field, 'read')]
            exported = records.export_data(names)['datas']
            self.assertEqual(len(exported), len(records))
            self.look_in(f"exports of {model}", [str(row) for row in exported])
            self.look_in(f"reads of {model}", [str(row) for row in records.read(names)])
        return admin
