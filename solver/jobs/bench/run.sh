#!/usr/bin/env bash
# run.sh [--quick]: a sweep of 27 cost assumptions over usps2026, in worker processes that start from solved neighbours, against
# the same solves one by one from cold, each with all cores. Every relative epsilon of both is checked to be at most 1e-3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

grid='routes.unit_cost*0.9,1,1.1;lots.reserve+0,0.25,0.5;facilities.fixed_cost*0.8,1,1.2'
if [ "${1:-}" = --quick ]; then grid='lots.reserve+0,0.25;facilities.fixed_cost*0.8,1'; fi
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

read -r swept sweptCPU _ < <("$python" cmd/lotwise/bench/measure.py bin/lotwise sweep usps2026 -o "$work/sweep" --progress none --grid "$grid")
cat >"$work/one-by-one" <<'END'
tail -n +2 "$1/sweep/index.csv" | cut -d, -f1 | while read -r scenario; do
	bin/lotwise solve usps2026 -o "$1/cold/$((n += 1))" --progress none --scenario "$1/sweep/scenarios.csv:$scenario"
done
END
read -r cold coldCPU _ < <("$python" cmd/lotwise/bench/measure.py bash -e "$work/one-by-one" "$work")

for run in "$work"/sweep/*/ "$work"/cold/*/; do
	awk -F, -v run="$run" '$1 == "relative_epsilon" { found = 1; if (!($2 <= 1e-3)) { print run ": relative epsilon " $2; exit 1 } } END { exit !found }' "$run/summary.csv"
done
count=$(ls -d "$work"/cold/*/ | wc -l)
awk -v n="$count" -v a="$swept" -v b="$cold" -v ac="$sweptCPU" -v bc="$coldCPU" 'BEGIN {
	printf "%d scenarios, all certified within 1e-3: sweep %.1f s (CPU %.1f s), one by one from cold %.1f s (CPU %.1f s)\n", n, a, ac, b, bc
	printf "ratio %.2f (at most 0.6 wanted), of CPU seconds %.2f\n", a / b, ac / bc }'
