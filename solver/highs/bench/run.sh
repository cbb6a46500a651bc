#!/usr/bin/env bash
# run.sh [--quick]: compare.py, and its ratio on a line of its own. $PYTHON has highspy and numpy. With
# --quick there are so few rounds that the ratio is no measurement, and its limit does not count.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

rounds=20
if [ "${1:-}" = --quick ]; then rounds=2; fi
out=$("${PYTHON:-python3}" compare.py "$rounds")
code=$?
printf '%s\n' "$out"
ratio=$(awk '/^best of/ { print $NF }' <<<"$out")
[ -n "$ratio" ] || exit 1
echo "ratio $ratio (solver/highs to highspy)"
[ "$rounds" -lt 20 ] || exit "$code"
