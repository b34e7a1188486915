#!/usr/bin/env bash
# Shared by the scripts of this folder: where things live, and how to say that something failed.
# Source it; it changes nothing on the machine.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SERIES=19.0

# PostgreSQL refuses to run as root and its own user cannot enter /root: root's cache lies elsewhere.
if [ -z "${AR_CACHE:-}" ]; then
    if [ "$(id -u)" = 0 ]; then
        AR_CACHE=/var/cache/ar_collections
    else
        AR_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/ar_collections
    fi
fi
export AR_CACHE

VENV=$AR_CACHE/venv
CODENAME=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")

say() { printf '%s\n' "$*" >&2; }
step() { printf '== %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Root needs no sudo, and a bare machine has none.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "root rights are needed for: $* (run as root, or install sudo)"
    fi
}

# Run "$@" quietly; show everything it said only when it fails.
quietly() {
    local log status=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 || status=$?
    [ $status = 0 ] || cat "$log" >&2
    rm -f "$log"
    return $status
}

# Folder that holds the Python package `odoo`, or nothing when none was prepared yet.
odoo_path() {
    if [ -n "${ODOO_HOME:-}" ]; then
        printf '%s\n' "$ODOO_HOME"
    elif [ -s "$AR_CACHE/odoo-path" ]; then
        cat "$AR_CACHE/odoo-path"
    fi
}

# Series ("19.0") of the Odoo whose package folder stands in $1; empty when there is none.
odoo_series() {
    [ -f "$1/odoo/release.py" ] || return 0
    sed -n 's/^version_info *= *(\([0-9]*\), *\([0-9]*\),.*/\1.\2/p' "$1/odoo/release.py"
}

use_private_postgres() {
    [ -z "${PGHOST:-}" ] || [ "$PGHOST" = "$AR_CACHE/pg/run" ]
}

# Connection settings for Odoo and psql; starts the private cluster when it is the one to use.
use_postgres() {
    use_private_postgres || return 0
    export PGHOST=$AR_CACHE/pg/run PGPORT=5432 PGUSER=odoo
    unset PGPASSWORD PGDATABASE PGSERVICE
    "$ROOT/scripts/postgres" start
}

# Settings of Odoo for this checkout. The cache may serve several checkouts: one file for each.
odoo_conf() {
    local conf path addons
    path=$(odoo_path)
    [ -n "$path" ] || die "Odoo is not set up: run scripts/setup first"
    mkdir -p "$AR_CACHE/conf"
    conf=$AR_CACHE/conf/$(printf '%s' "$ROOT $path" | md5sum | cut -c1-12).conf
    # Odoo refuses a folder without any module in it.
    addons=$(cd "$ROOT" && for m in */__manifest__.py; do [ -f "$m" ] && echo "$ROOT"; break; done)
    if [ -d "$path/addons" ]; then addons=$path/addons${addons:+,$addons}; fi
    cat >"$conf.$$" <<CONF
[options]
addons_path = $addons
data_dir = $AR_CACHE/data
http_interface = 127.0.0.1
admin_passwd = admin
list_db = True
CONF
    mv "$conf.$$" "$conf"
    printf '%s\n' "$conf"
}

# Make Odoo importable for $VENV/bin/python, and its database reachable.
use_odoo() {
    [ -x "$VENV/bin/python" ] || die "the Python environment is missing: run scripts/setup first"
    ODOO_RC=$(odoo_conf)
    PYTHONPATH=$(odoo_path)${PYTHONPATH:+:$PYTHONPATH}
    PATH=$VENV/bin:$PATH
    export ODOO_RC PYTHONPATH PATH
    use_postgres
}

free_port() {
    "$VENV/bin/python" -c '
import socket
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1])'
}

# What the machine's apt uses, one archive per line: address, suite, component.
archives() {
    # shellcheck disable=SC2016  # apt expands these
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages'
}

# Addresses of archives that the machine's apt uses for this Debian release. A third party may use
# the same suite name: the signature on sid tells which one is Debian.
mirrors() {
    archives | awk -v c="$CODENAME" \
        '$3 == "main" && ($2 == c || $2 == "stable" || $2 == "sid") && !seen[$1]++ {print $1}'
}
