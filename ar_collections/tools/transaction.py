"""What is remembered for one transaction."""


def get_memory(cr, name):
    """Return a dictionary that is forgotten with the transaction, committed or rolled back.

    `cr.cache` alone lives as long as the cursor: Odoo runs a request again on the same cursor
    after a conflict, and a scheduled action commits many times on one. Savepoints do not count.

    :param cr: cursor of Odoo
    :param str name: of the dictionary, one for each purpose
    :rtype: dict
    """
    if name not in cr.cache:
        def forget():
            cr.cache.pop(name, None)

        cr.cache[name] = {}
        cr.postcommit.add(forget)
        cr.postrollback.add(forget)
    return cr.cache[name]
