# The commands of the project; each is a script in scripts/ that can be read and run alone.
# The cache (Odoo, Python environment, private PostgreSQL, demo) lies outside the checkout:
# AR_CACHE, by default ~/.cache/ar_collections (/var/cache/ar_collections for root).

PORT ?= 8069
CUSTOMERS ?= 6000
INVOICES ?= 200000
export PORT

.PHONY: setup demo simulators stop clean test test-fresh lint i18n ledger bench screenshots

demo: setup
	@scripts/demo start

setup:
	@scripts/setup

simulators: setup
	@scripts/simulators

stop:
	@scripts/stop

clean:
	@scripts/clean

test: setup
	@scripts/test

test-fresh:
	@scripts/test-fresh

lint: setup
	@scripts/lint

i18n: setup
	@scripts/i18n

ledger: setup
	@benchmarks/python benchmarks/ledger.py --customers $(CUSTOMERS) --invoices $(INVOICES)

bench: setup
	@benchmarks/python benchmarks/bench.py

screenshots: setup
	@scripts/screenshots
