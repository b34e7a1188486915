"""What people type into the search bar, for fields that are computed."""

import functools

from odoo.fields import Domain


def answers_any(search):
    """Decorate the search method of a computed many2one that answers `in`.

    A word typed for such a field reaches the method as `any`: records of the other model whose
    name has that word. They are looked up, archived ones too, and asked for with `in`.
    """
    @functools.wraps(search)
    def answer(self, operator, value):
        if operator not in ('any', 'any!'):
            return search(self, operator, value)
        field = self._fields[search.__name__.removeprefix('_search_')]
        others = self.env[field.comodel_name].with_context(active_test=False)
        if operator == 'any!':
            # sudo: Odoo's own words for "whatever the reader may see", never those of a client.
            others = others.sudo()
        domain = value if isinstance(value, Domain) else Domain('id', 'in', value)
        return Domain(field.name, 'in', others.search(domain).ids)
    return answer


def search_told(records, name, operator, value):
    """Return the domain of the records whose computed text matches: for short tables only.

    The text is built in the reader's language, so it is compared as the reader sees it.

    :param records: any recordset of the model
    :param str name: the computed text field
    :param str operator: of the search method of that field
    :return: a domain, or NotImplemented for an operator that makes no sense for a text
    """
    if operator in ('like', 'ilike'):
        word = (value or '').lower()

        def matches(text):
            return word in text.lower()
    elif operator == 'in':
        def matches(text):
            return text in value or not text and False in value
    else:
        return NotImplemented
    return Domain('id', 'in', [
        record.id for record in records.search([]) if matches(record[name] or '')])
