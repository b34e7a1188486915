# Listed in the package above: Odoo collects the test modules of that one only.
