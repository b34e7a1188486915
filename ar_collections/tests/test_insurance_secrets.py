import base64
import logging
from urllib.parse import quote

from odoo.tests import Form, tagged

from ..connectors.errors import ConfigurationError, ConnectorError
from .provider_common import LEVANT, ProviderCommon
from .simulators.allianz_trade import AllianzTrade
from .simulators.atradius import Atradius
from .simulators.coface import CofaceIcon, CofaServe
from .simulators.ellisphere import Ellisphere
from .simulators.infolegale import Infolegale
from .simulators.ratings import Creditsafe, Dnb

SIMULATORS = (
    AllianzTrade, Atradius, CofaceIcon, CofaServe, Ellisphere, Infolegale, Creditsafe, Dnb)
OPTIONS = {'business_unit': 'EHFR', 'policy_id': '1', 'customer_id': '1',
           'policy_currency': 'EUR', 'policy_number': CofaServe.policy_number,
           'block_id': 'assessment'}


class Listener(logging.Handler):
    """Keeps everything that any logger says, tracebacks included."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []
        self.setFormatter(logging.Formatter('%(name)s %(message)s'))

    def emit(self, record):
        self.lines.append(self.format(record))


@tagged('post_install', '-at_install')
class TestProviderSecrets(ProviderCommon):
    """Fault 38: invented credentials are looked for everywhere they could have gone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sims = [cls.start(kind) for kind in SIMULATORS]
        cls.providers = cls.env['ar.provider'].union(*(
            cls.make_provider(sim) for sim in cls.sims))
        for option in cls.providers.option_ids:
            option.value = OPTIONS.get(option.name)
        cls.account = cls.make_account("Levant", LEVANT)

    def get_spellings(self):
        values = {secret.value for secret in self.env['ar.provider.secret'].sudo().search([])}
        # D&B sends both in one word.
        values.add(f'{Dnb.key}:{Dnb.secret}')
        self.assertGreater(len(values), 12)
        return {spelling for value in values for spelling in (
            value, quote(value, safe=''), base64.b64encode(value.encode()).decode())}

    def misbehave(self):
        """Make every provider repeat what it was sent, in every kind of failure."""
        for sim in self.sims:
            secrets = ' '.join(str(getattr(sim, name)) for name in (
                'api_key', 'username', 'password', 'client_secret', 'app_key', 'contract_id',
                'user_id', 'key', 'secret') if hasattr(sim, name))
            for status in (401, 403, 400, 500):
                sim.fail(fault='status', status=status, times=1, body={
                    'message': f"refused {secrets}", 'password': secrets, 'error': secrets})
            sim.fail(fault='drop', times=1)

    def test_no_credential_is_found_anywhere(self):
        listener = Listener()
        root = logging.getLogger()
        before = root.level
        root.addHandler(listener)
        root.setLevel(logging.DEBUG)
        # Odoo's own record of SQL would hold the credentials that are written; it is off in
        # production and is not what is looked at here.
        logging.getLogger('odoo.sql_db').setLevel(logging.INFO)
        errors = []
        try:
            for provider in self.providers:
                self.link(provider, self.account)
            for behaviour in (lambda: None, self.misbehave):
                behaviour()
                for provider in self.providers:
                    for operation, arguments in (
                            ('test_connection', ()), ('get_rating', ('1',))):
                        try:
                            self.call(provider, operation, *arguments)
                        except (ConnectorError, ConfigurationError) as error:
                            errors.append(error)
                self.poll()
        finally:
            root.removeHandler(listener)
            root.setLevel(before)
            logging.getLogger('odoo.sql_db').setLevel(logging.NOTSET)
        self.assertGreater(len(errors), 6)
        self.assertGreater(len(listener.lines), 20)
        self.look_in("logs", listener.lines)
        self.look_in("exceptions", [
            f"{error!r} {error} {error.__dict__} {error.__context__!r}" for error in errors])
        self.look_in("texts for users", [
            self.providers[0]._get_error_text(error) for error in errors])
        self.look_in_tables()
        self.look_in_files()
        self.look_in_exports()

    def look_in(self, place, texts):
        """Fail when a credential stands in one of these texts."""
        spellings = self.get_spellings()
        for text in texts:
            for spelling in spellings:
                self.assertNotIn(spelling, text, f"a credential in {place}")

    def look_in_tables(self):
        """Every column of every table but the one that keeps them: chatter, activities, inbox."""
        self.env.flush_all()
        self.env.cr.execute("""
            SELECT table_name FROM information_schema.tables
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
               AND (table_name LIKE 'ar\\_%' OR table_name LIKE 'mail\\_%'
                    OR table_name IN ('ir_attachment', 'ir_logging', 'ir_cron_progress',
                                      'ir_config_parameter', 'bus_bus'))""")
        tables = [row[0] for row in self.env.cr.fetchall()]
        self.assertGreater(len(tables), 80)
        pattern = list(self.get_spellings())
        for table in tables:
            if table == 'ar_provider_secret':
                continue
            self.env.cr.execute(
                f'SELECT COUNT(*) FROM "{table}" t'
                " WHERE EXISTS (SELECT 1 FROM UNNEST(%s) s(word)"
                " WHERE STRPOS(to_jsonb(t)::text, to_jsonb(word)::text) > 0"
                "    OR STRPOS(t::text, word) > 0)", [pattern])
            self.assertEqual(self.env.cr.fetchone()[0], 0, f"a credential in {table}")

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

    def look_in_exports(self):
        """What an administrator exports, reads and copies."""
        admin = self.user('admin', 'ar_admin')
        admin.group_ids += self.env.ref('base.group_allow_export')
        providers = self.providers.with_user(admin)
        names = [name for name, field in providers._fields.items() if field.type not in (
            'one2many', 'many2many', 'binary') and providers._has_field_access(field, 'read')]
        exported = providers.export_data(names)['datas']
        self.look_in("exports", [str(row) for row in exported])
        self.look_in("reads", [str(row) for row in providers.read(names)])
        self.look_in("copies", [str(provider.copy_data()) for provider in providers])
        copied = providers[0].copy({'name': "Copy"})
        self.assertFalse(copied.has_credentials)
        self.assertFalse(copied.is_on)
        with Form(providers[0]) as form:
            self.look_in("forms", [str(form._values)])
