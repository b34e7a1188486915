"""Who works on the worklist of bench_worklist.py, and what happened before: contacts, promises,
replies, acts on the pages, payment plans. Written as rows; the transaction is rolled back.
"""

COLLECTORS = 20
CONTACTS = 10

# Of the customers with money overdue: the first of several overdue items, so that each of them
# stays on the list whatever is promised about one.
ITEMS = """
    CREATE TEMPORARY TABLE bench_item ON COMMIT DROP AS
    SELECT c.id AS customer_id, c.company_id, c.partner_id, MIN(l.id) AS item_id,
           COUNT(*) AS number
      FROM ar_customer c JOIN account_move_line l ON l.partner_id = c.partner_id
     WHERE c.company_id = %(company)s AND l.company_id = c.company_id
       AND l.account_id = ANY(%(accounts)s) AND l.reconciled IS NOT TRUE
       AND l.parent_state = 'posted' AND l.amount_residual > 0
       AND COALESCE(l.date_maturity, l.date) < %(today)s
     GROUP BY 1, 2, 3
"""
INTERACTIONS = """
    INSERT INTO ar_interaction (customer_id, company_id, user_id, kind, direction, outcome, date,
                                logged_at, active, amount)
    SELECT c.customer_id, c.company_id, %(user)s,
           CASE WHEN n = 6 THEN 'email' ELSE 'call' END, CASE WHEN n = 6 THEN 'in' ELSE 'out' END,
           (ARRAY['spoken', 'no_answer', 'call_back', 'no_answer', 'promise', 'request', 'paid',
                  'wrong_contact', 'escalate', 'spoken'])[n],
           said, said, TRUE, 100
      FROM bench_item c CROSS JOIN generate_series(1, %(contacts)s) n
     CROSS JOIN LATERAL (
            SELECT %(today)s::timestamp - make_interval(days => 7 * n + c.customer_id %% 7)
           ) at (said)
"""
# Every sixth says that one of its items is paid; the day to look has not come.
SAID_PAID = """
    WITH said AS (
        UPDATE ar_interaction i SET next_date = %(today)s::date + 3
          FROM bench_item c
         WHERE c.customer_id = i.customer_id AND i.outcome = 'paid' AND c.number > 1
           AND c.customer_id %% 6 = 0
        RETURNING i.id, c.item_id
    )
    INSERT INTO ar_interaction_item_rel (interaction_id, move_line_id) SELECT id, item_id FROM said
"""
# The day agreed for another contact has come for every fourth.
FOLLOW_UP = """
    UPDATE ar_customer SET follow_up_date = %(today)s::date - id %% 3
     WHERE id %% 4 = 0 AND id IN (SELECT customer_id FROM bench_item)
"""
# Two kept ones each, a broken one for every fifth, an open one for every eighth.
PROMISES = """
    WITH promise AS (
        INSERT INTO ar_promise (customer_id, company_id, currency_id, user_id, name, channel, state,
                                taken_on, promise_date, deadline, closed_on, amount)
        SELECT c.customer_id, c.company_id, %(currency)s, %(user)s, 'bench:' || c.customer_id || n,
               'call', kind.state, %(today)s::date - kind.ago, %(today)s::date - kind.ago + 10,
               %(today)s::date - kind.ago + 12,
               CASE WHEN kind.state <> 'open' THEN %(today)s::date - kind.ago + 13 END, 100
          FROM bench_item c
          JOIN (VALUES (1, 'kept', 200, 1), (2, 'kept', 120, 1), (3, 'broken', 40, 5),
                       (4, 'open', 5, 8)) kind (n, state, ago, share)
               ON c.customer_id %% kind.share = 0 AND (kind.state <> 'open' OR c.number > 1)
        RETURNING id, customer_id, company_id, state
    )
    INSERT INTO ar_promise_line (promise_id, customer_id, company_id, move_line_id, move_id, state,
                                 amount)
    SELECT promise.id, promise.customer_id, promise.company_id, l.id, l.move_id, promise.state, 100
      FROM promise JOIN bench_item c USING (customer_id)
      JOIN account_move_line l ON l.id = c.item_id
"""
# Three each; one of them is to be read at every tenth customer.
REPLIES = """
    WITH message AS (
        INSERT INTO mail_message (model, res_id, message_type, subject, body, date)
        SELECT 'ar.customer', c.customer_id, 'email', 'Re: Reminder', 'We will pay.',
               %(today)s::timestamp - make_interval(days => 10 * n)
          FROM bench_item c CROSS JOIN generate_series(1, 3) n
        RETURNING id, res_id, date
    )
    INSERT INTO ar_reply (message_id, customer_id, company_id, subject, kind, state, received_on,
                          received_at)
    SELECT message.id, message.res_id, c.company_id, 'Re: Reminder', 'promise',
           CASE WHEN c.customer_id %% 10 = 0 AND message.date > %(today)s::timestamp - interval
                     '15 days' THEN 'new' ELSE 'accepted' END, message.date::date, message.date
      FROM message JOIN bench_item c ON c.customer_id = message.res_id
"""
# Two each; one of them waits for an answer at every ninth customer.
ACTS = """
    INSERT INTO ar_portal_act (customer_id, company_id, currency_id, kind, key, state, done_on)
    SELECT c.customer_id, c.company_id, %(currency)s,
           CASE WHEN c.customer_id %% 2 = 0 THEN 'contact' ELSE 'copy' END,
           'bench-' || c.customer_id || '-' || n,
           CASE WHEN n = 1 AND c.customer_id %% 9 = 0 THEN 'new' ELSE 'accepted' END,
           %(today)s::date - 5 * n
      FROM bench_item c CROSS JOIN generate_series(1, 2) n
"""
# Every twelfth customer: a plan to approve; every twentieth: one that runs, nothing late.
PLANS = """
    WITH plan AS (
        INSERT INTO ar_payment_plan (customer_id, company_id, currency_id, user_id, name, number,
                                     interval, state, date, first_date, started_on, amount,
                                     grace_days, tolerance, missed_allowed)
        SELECT c.customer_id, c.company_id, %(currency)s, %(user)s, 'bench:' || c.customer_id, 2,
               'month', kind.state, %(today)s::date - 10, %(today)s::date + 5,
               CASE WHEN kind.state = 'active' THEN %(today)s::date - 8 END, 200, 5, 1, 1
          FROM bench_item c
          JOIN (VALUES ('to_approve', 12, 0), ('active', 20, 1)) kind (state, share, rest)
               ON c.customer_id %% kind.share = kind.rest AND c.number > 1
        RETURNING id, customer_id, company_id, state
    ), line AS (
        INSERT INTO ar_payment_plan_line (plan_id, customer_id, company_id, move_line_id, move_id,
                                          state, amount)
        SELECT plan.id, plan.customer_id, plan.company_id, l.id, l.move_id, plan.state, 200
          FROM plan JOIN bench_item c USING (customer_id)
          JOIN account_move_line l ON l.id = c.item_id
    )
    INSERT INTO ar_payment_plan_instalment (plan_id, customer_id, company_id, plan_state, state,
                                            due_date, deadline, amount, paid_amount, residual)
    SELECT plan.id, plan.customer_id, plan.company_id, plan.state, 'open',
           %(today)s::date + 5 + 30 * n, %(today)s::date + 10 + 30 * n, 100, 0, 100
      FROM plan CROSS JOIN generate_series(0, 1) n
"""


def make_collectors(env, company):
    """Give each customer a collector, but one in twenty nobody.

    :return: (one who sees all customers, one who sees the own ones and stands in for a colleague)
    """
    Users = env['res.users'].with_context(no_reset_password=True)
    group = 'ar_collections.group_ar_collector'
    users = Users.create([{
        'name': f'Collector {number}', 'login': f'bench_collector_{number}',
        'company_id': company.id, 'company_ids': [(6, 0, company.ids)],
        'group_ids': [(6, 0, [
            env.ref('base.group_user').id, env.ref(group if not number else f'{group}_own').id])],
    } for number in range(COLLECTORS)])
    env.cr.execute(
        "UPDATE ar_customer SET collector_id = (%s::int[])[NULLIF(id %% %s, 0)]"
        " WHERE company_id = %s", [users.ids, COLLECTORS, company.id])
    # The rules look at the day of the machine, the worklist at that of the ledger.
    env['ar.collector.absence'].create({
        'collector_id': users[2].id, 'substitute_id': users[1].id,
        'date_from': '2000-01-01', 'date_to': '2100-12-31'})
    env.flush_all()
    env.invalidate_all()
    return users[0], users[1]


def add_history(env, company, today):
    """Write down what happened with these customers before today."""
    params = {
        'company': company.id, 'currency': company.currency_id.id, 'today': today,
        'user': env.uid, 'contacts': CONTACTS, 'accounts': company._get_ar_account_ids()}
    for statement in (ITEMS, INTERACTIONS, SAID_PAID, FOLLOW_UP, PROMISES, REPLIES, ACTS, PLANS):
        env.cr.execute(statement, params)
    env.invalidate_all()
    env.cr.execute(
        "ANALYZE ar_customer, ar_interaction, ar_interaction_item_rel, ar_promise, ar_promise_line,"
        " ar_reply, ar_portal_act, ar_payment_plan, ar_payment_plan_line,"
        " ar_payment_plan_instalment")
