"""Customers of the ledger: the first ones through the ORM, the others as SQL copies of them."""

import random

ORM_CUSTOMERS = 200
# Columns that must differ from the copied customer.
IDENTITY = ('id', 'name', 'complete_name', 'email', 'email_normalized', 'ref', 'parent_id',
            'commercial_partner_id', 'commercial_company_name', 'create_date', 'write_date')


class LedgerCustomers:
    """Companies with an address, most with an e-mail, some with a separate invoice contact."""

    def __init__(self, env, seed):
        self.env = env
        self.random = random.Random(seed)

    def run(self, count):
        """Make sure that `count` customers exist; return those made through the ORM."""
        made = self._create_by_orm(min(count, ORM_CUSTOMERS))
        self.env.flush_all()
        self._copy_by_sql(made, count)
        return made

    def _create_by_orm(self, count):
        Partner = self.env['res.partner'].with_context(tracking_disable=True)
        partners = Partner.create([self._prepare_values(index) for index in range(1, count + 1)])
        Partner.create([
            {
                'parent_id': partner.id,
                'type': 'invoice',
                'name': f"Accounts payable {partner.ref}",
                'email': partner.email and f'payable.{partner.email}',
                'lang': partner.lang,
                'street': partner.street, 'zip': partner.zip, 'city': partner.city,
                'country_id': partner.country_id.id,
            }
            for partner in partners[::6]
        ])
        return partners

    def _prepare_values(self, index):
        french = index % 3 != 0
        country = self.env.ref('base.fr') if french else self.env.ref(
            self.random.choice(('base.be', 'base.de', 'base.uk', 'base.us', 'base.ch'))
        )
        return {
            'name': f"Customer {index:06d}",
            'ref': f'C{index:06d}',
            'is_company': True,
            'customer_rank': 1,
            # One customer in twelve has no address to write to.
            'email': False if index % 12 == 0 else f'accounts@customer{index}.example',
            'lang': 'fr_FR' if french else 'en_US',
            'street': f"{index % 180 + 1} rue de la République",
            'zip': f'{10000 + index * 37 % 89999:05d}',
            'city': self.random.choice(("Lyon", "Lille", "Nantes", "Bruxelles", "Paris", "Metz")),
            'country_id': country.id,
        }

    # === SQL COPIES === #
    def _copy_by_sql(self, made, count):
        if count <= len(made):
            return
        cr = self.env.cr
        cr.execute('CREATE TEMPORARY TABLE bench_source AS '
                   'SELECT id, row_number() OVER (ORDER BY id) AS rank FROM res_partner '
                   'WHERE id = ANY(%s)', [made.ids])
        columns = self._get_copied_columns()
        copied = ', '.join(f'"{name}"' for name in columns)
        source = ', '.join(f's."{name}"' for name in columns)
        cr.execute(f"""
            INSERT INTO res_partner (id, name, complete_name, email, email_normalized, ref,
                                     commercial_partner_id, commercial_company_name,
                                     create_date, write_date, {copied})
            SELECT n.id, n.name, n.name, n.email, n.email, 'C' || n.digits, n.id, n.name,
                   s.create_date, s.write_date, {source}
              FROM (SELECT nextval('res_partner_id_seq') AS id, i, lpad(i::text, 6, '0') AS digits,
                           'Customer ' || lpad(i::text, 6, '0') AS name,
                           CASE WHEN i %% 12 <> 0
                                THEN 'accounts@customer' || i || '.example' END AS email,
                           (i - 1) %% %(made)s + 1 AS rank
                      FROM generate_series(%(made)s + 1, %(count)s) AS i) n
              JOIN bench_source b ON b.rank = n.rank
              JOIN res_partner s ON s.id = b.id
        """, {'made': len(made), 'count': count})
        self._copy_contacts(columns)
        cr.execute('DROP TABLE bench_source')

    def _copy_contacts(self, columns):
        """Give the copies an invoice contact where the original has one."""
        copied = ', '.join(f'"{name}"' for name in columns)
        source = ', '.join(f's."{name}"' for name in columns)
        self.env.cr.execute(f"""
            INSERT INTO res_partner (id, parent_id, commercial_partner_id, commercial_company_name,
                                     name, complete_name, email, email_normalized,
                                     create_date, write_date, {copied})
            SELECT nextval('res_partner_id_seq'), p.id, p.id, p.commercial_company_name,
                   'Accounts payable ' || p.ref, p.name || ', Accounts payable ' || p.ref,
                   'payable.' || p.email, 'payable.' || p.email,
                   s.create_date, s.write_date, {source}
              FROM res_partner p
              JOIN bench_source b
                ON b.rank = (substr(p.ref, 2)::int - 1) %% %(made)s + 1
              JOIN res_partner s ON s.parent_id = b.id
             WHERE p.ref ~ '^C[0-9]{{6}}$' AND substr(p.ref, 2)::int > %(made)s
        """, {'made': ORM_CUSTOMERS})

    def _get_copied_columns(self):
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'res_partner'"
            " AND table_schema = 'public' AND column_name <> ALL(%s) ORDER BY ordinal_position",
            [list(IDENTITY)],
        )
        return [name for name, in self.env.cr.fetchall()]
