"""Defaults of fields that decide something: the code's own, never those that a client chose."""


def keep_own_defaults(model, values, names):
    """Give these fields the defaults of the code again.

    A program outside may send `default_...` keys in its context, and every user may store defaults
    of their own (`ir.default`). Both apply to whatever is created on the way, with elevated rights
    too: a credit hold would be born released.

    :param model: of the new record
    :param dict values: answer of `default_get`, changed here
    :param names: of the fields that only a decision fills
    :return: ``values``
    """
    for name in set(names) & set(values):
        field = model._fields[name]
        if field.default:
            value = field.convert_to_cache(field.default(model), model, validate=False)
            values[name] = field.convert_to_write(value, model)
        else:
            del values[name]
    return values
