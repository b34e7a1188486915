{
    'name': "Receivables: Deliveries",
    'summary': "Credit control at the validation of deliveries",
    'version': '19.0.1.0.0',
    'category': 'Accounting/Accounting',
    'author': "ar_collections contributors",
    'license': 'LGPL-3',
    'depends': ['ar_collections', 'sale_stock'],
    'data': ['views/res_config_settings_views.xml'],
    'auto_install': True,
}
