#!/usr/bin/env bash
# run.sh [--quick]: reads a case of 1,000,000 rows of bids, every check included, and the same file with
# pandas' C reader, which checks nothing; prints both times and their ratio. $PYTHON has pandas.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

rows=1000000 times=5
if [ "${1:-}" = --quick ]; then rows=20000 times=1; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

go build -o "$work/bench" ./inputs/bench
"$work/bench" -write -rows "$rows" "$work/case"
ours=$("$work/bench" -times "$times" "$work/case")
theirs=$("${PYTHON:-python3}" inputs/bench/pandas_read.py "$work/case/bids.csv" "$times")
echo "$rows rows of bids.csv: lotwise $ours s with every check, pandas.read_csv $theirs s"
awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "ratio %.2f (lotwise to pandas, at most 3 wanted)\n", a / b }'
