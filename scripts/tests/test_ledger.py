"""A small ledger of the benchmarks: what its SQL makes is what Odoo would have written."""

import subprocess

from conftest import ROOT

BENCHMARKS = ROOT / 'benchmarks'


def call(odoo, script, *arguments):
    """Run a script of the benchmarks; return (exit code, output)."""
    done = subprocess.run(
        [BENCHMARKS / 'python', BENCHMARKS / script, *arguments], text=True, timeout=600,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=odoo.env, check=False)
    return done.returncode, done.stdout


def test_both_halves_of_a_small_ledger_agree(odoo, scratch_db):
    code, output = call(odoo, 'ledger.py', '--database', scratch_db, '--existing', '--customers',
                        '40', '--invoices', '300', '--documents', '90')
    assert code == 0, output
    check = ('check_ledger.py', '--database', scratch_db, '--sample', '100')
    code, output = call(odoo, *check)
    assert code == 0, output
    # The check itself can fail: one invoice owes a cent more than its entry says.
    odoo.sql(scratch_db, """
        UPDATE account_move_line SET amount_residual = amount_residual + 0.01 WHERE id = (
            SELECT max(l.id) FROM account_move_line l JOIN account_move m ON m.id = l.move_id
             WHERE l.display_type = 'payment_term' AND m.state = 'posted' AND l.amount_residual > 1
               AND m.id > (SELECT move_id FROM bench_limit))""")
    code, output = call(odoo, *check)
    assert code == 1
    assert "1 residuals that differ from balance less partials" in output
