"""Who is who in the demonstration, in plain tables."""

USERS = [
    ('manager', "Marianne Crédit", 'ar_collections.group_ar_manager'),
    ('collector', "Camille Relance", 'ar_collections.group_ar_collector'),
    ('export', "Ewan Export", 'ar_collections.group_ar_collector_own'),
    ('auditor', "Audrey Contrôle", 'ar_collections.group_ar_auditor'),
    ('sales', "Simon Vente", 'sales_team.group_sale_salesman'),
]

CUSTOMERS = {
    'petit': {'name': "Boulangerie Petit", 'email': "contact@boulangerie-petit.example",
              'phone': "+33 4 78 00 00 01", 'street': "3 place du Marché", 'zip': "69001",
              'city': "Lyon"},
    'durand': {'name': "Garage Durand", 'email': "garage@durand.example",
               'phone': "+33 4 74 00 00 02", 'street': "55 route de Vienne", 'zip': "38200",
               'city': "Vienne"},
    'bellevue': {'name': "Hôtel Bellevue", 'email': "direction@hotel-bellevue.example",
                 'phone': "+33 4 50 00 00 03", 'street': "1 quai du Lac", 'zip': "74000",
                 'city': "Annecy"},
    'lopez': {'name': "Menuiserie Lopez", 'email': "atelier@menuiserie-lopez.example",
              'phone': "+33 4 77 00 00 04", 'street': "4 allée du Bois", 'zip': "42000",
              'city': "Saint-Étienne"},
    'martin': {'name': "Transports Martin", 'email': "gestion@transports-martin.example",
               'phone': "+33 4 37 00 00 05", 'street': "Zone des Sablons", 'zip': "69800",
               'city': "Saint-Priest"},
    'moreau': {'name': "Imprimerie Moreau", 'email': "admin@imprimerie-moreau.example",
               'phone': "+33 4 75 00 00 06", 'street': "9 rue Gutenberg", 'zip': "26000",
               'city': "Valence"},
    'gare': {'name': "Café de la Gare", 'phone': "+33 4 79 00 00 07",
             'street': "2 place de la Gare", 'zip': "73000", 'city': "Chambéry"},
    'sans': {'name': "Ambulant Sanchez"},
    'leroux': {'name': "Épicerie Leroux", 'email': "bonjour@epicerie-leroux.example",
               'street': "18 rue Longue", 'zip': "71000", 'city': "Mâcon"},
    'mairie': {'name': "Mairie de Beaulieu", 'email': "finances@beaulieu.example",
               'tag': "Public body", 'street': "Place de la République", 'zip': "63000",
               'city': "Clermont-Ferrand"},
    'refus': {'name': "Pâtisserie Rivoire", 'email': "refuse@patisserie-rivoire.example",
              'phone': "+33 4 76 00 00 11", 'street': "7 cours Jean Jaurès", 'zip': "38000",
              'city': "Grenoble"},
    'muller': {'name': "Müller Lichttechnik GmbH", 'country': 'de',
               'email': "buchhaltung@mueller-licht.example", 'phone': "+49 711 000 012",
               'street': "Königstraße 4", 'zip': "70173", 'city': "Stuttgart"},
    'northwind': {'name': "Northwind Interiors Ltd", 'country': 'uk',
                  'email': "accounts@northwind-interiors.example", 'phone': "+44 20 7946 0013",
                  'street': "221 Camden High Street", 'zip': "NW1 7BU", 'city': "London"},
    'hudson': {'name': "Hudson Lofts Inc.", 'country': 'us',
               'email': "ap@hudson-lofts.example", 'phone': "+1 212 555 0114",
               'street': "90 Hudson Street", 'zip': "10013", 'city': "New York"},
    'tanaka': {'name': "Tanaka Shoten KK", 'country': 'jp',
               'email': "keiri@tanaka-shoten.example", 'phone': "+81 3 0000 0015",
               'street': "1-2-3 Ginza", 'zip': "104-0061", 'city': "Tokyo"},
}

# (customer, amount before tax, due in days from today, options)
OPEN = [
    ('petit', 840.0, 3, {}),
    ('petit', 1260.0, 24, {}),
    ('durand', 1980.0, -6, {}),
    ('durand', 450.0, 12, {}),
    ('bellevue', 7600.0, -17, {}),
    ('bellevue', 2150.0, -2, {}),
    ('lopez', 12400.0, -34, {}),
    ('lopez', 3300.0, -16, {}),
    ('lopez', 980.0, 5, {}),
    ('martin', 18500.0, -68, {}),
    ('martin', 6200.0, -37, {}),
    ('martin', 4100.0, 9, {}),
    ('moreau', 22800.0, -81, {}),
    ('gare', 640.0, -9, {}),
    ('sans', 310.0, -20, {}),
    ('leroux', 1900.0, -13, {}),
    ('mairie', 9450.0, -21, {}),
    ('mairie', 5200.0, -28, {'disputed': True}),
    ('refus', 1150.0, -7, {}),
    ('muller', 15300.0, -10, {'instalments': True}),
    ('northwind', 5900.0, -33, {'currency': 'GBP'}),
    ('northwind', 1250.0, -18, {'currency': 'GBP', 'credit': True}),
    ('northwind', 4400.0, -6, {'currency': 'USD'}),
    ('hudson', 28600.0, -6, {'currency': 'USD'}),
    ('tanaka', 1240000.0, -16, {'currency': 'JPY'}),
]

# (customer, amount before tax, due in days from today, paid so many days after the due date)
PAID = [
    ('petit', 910.0, -40, -2), ('petit', 1105.0, -70, 0), ('petit', 760.0, -100, -1),
    ('durand', 2210.0, -65, 9), ('durand', 1730.0, -95, 7), ('durand', 1560.0, -130, 11),
    ('bellevue', 6900.0, -80, 22), ('bellevue', 5400.0, -120, 18),
    ('lopez', 10100.0, -110, 31), ('martin', 9900.0, -150, 44), ('martin', 8700.0, -200, 52),
    ('mairie', 7700.0, -90, 25), ('hudson', 26100.0, -60, 4), ('muller', 14200.0, -75, 3),
    ('leroux', 1300.0, -50, 6), ('gare', 700.0, -60, 15),
]

# (customer, credit limit, days it still runs or None for good, why)
LIMITS = [
    ('petit', 5000.0, None, "Regular customer, pays early."),
    ('durand', 4000.0, None, "First limit."),
    ('bellevue', 14000.0, None, "Refit of the rooms, two seasons."),
    ('lopez', 15000.0, None, "Base limit."),
    ('lopez', 22000.0, 9, "Shop fitting of this autumn."),
    ('martin', 25000.0, None, "Before the payments slowed down."),
    ('moreau', 10000.0, None, "Limit of last year."),
    ('mairie', 30000.0, None, "Public body."),
    ('muller', 25000.0, None, "With a bank guarantee."),
    ('northwind', 15000.0, None, "After the trade fair."),
    ('hudson', 40000.0, None, "Annual contract."),
]

# (customer, lamps ordered, days ago, what became of it); each of them is judged by the rules
ORDERS = [
    ('petit', 2, 6, 'confirmed'),
    ('hudson', 6, 5, 'confirmed'),
    ('bellevue', 9, 4, 'released'),
    ('martin', 10, 2, 'held'),
    ('lopez', 14, 1, 'held'),
    ('durand', 5, 0, 'quotation'),
]
