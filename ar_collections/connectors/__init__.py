"""HTTP clients of credit insurers and of company data. Nothing here knows Odoo.

`registry.get_client_class(code)` finds a client; `base.Client` says what all of them do; what comes
back is one of the classes of `results`, what goes wrong one of `errors`.
"""
