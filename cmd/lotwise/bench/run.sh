#!/usr/bin/env bash
# run.sh [--quick]: lotwise allocate, from CSV to the written run folder, on divisible cases with budgets, volume caps and limits,
# against pandas reading the same files and highspy solving the same linear program; then how time and memory
# grow with the lots, as a table; and the linear program alone, stated and solved, by both. Ratios are of CPU seconds, which others on the machine change least. $PYTHON has pandas and highspy.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

lots=2000 sizes="500 1000 2000 4000 8000" times=3
if [ "${1:-}" = --quick ]; then lots=100 sizes="50 100" times=1; fi
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/generate" ./inputs/bench/generate
go build -o "$work/program" ./cmd/lotwise/bench/program

least() { sort -g | head -1; }
# The best of some runs; the first column is what decides.
for n in $sizes; do
	"$work/generate" -kind divisible -lots "$n" -bids $((20 * n)) "$work/$n" >/dev/null
	for _ in $(seq "$times"); do
		"$python" cmd/lotwise/bench/measure.py bin/lotwise allocate "$work/$n" -o "$work/run" --force --threads 1 --progress none |
			awk '{ print $2, $1, $3 }'
	done | least >"$work/ours-$n"
	for _ in $(seq "$times"); do
		"$python" cmd/lotwise/bench/divisible.py "$work/$n" | awk '{ print $1 + $3, $1, $2, $3, $4, $5, $6 }'
	done >"$work/runs-$n"
	least <"$work/runs-$n" >"$work/theirs-$n"
	awk -v a="$(awk -F, '$1 == "objective" { print $2 }' "$work/run/summary.csv")" '{ d = $5 - a; if (d < 0) d = -d; if (d > 1e-6 * a) { print "objectives differ: " a ", " $5; exit 1 } }' "$work/theirs-$n"
done

echo "from CSV to the run folder, against pandas reading and highspy solving (CPU seconds, one thread; wall in brackets):"
echo
echo "| lots | bids | \`lotwise allocate\` | peak memory | pandas and highspy | ratio |"
echo "|---|---|---|---|---|---|"
for n in $sizes; do
	read -r cpu wall memory <"$work/ours-$n"
	read -r sum _ <"$work/theirs-$n"
	awk -v n="$n" -v a="$cpu" -v w="$wall" -v m="$memory" -v b="$sum" 'BEGIN { printf "| %d | %d | %.2f s (%.2f s) | %d MiB | %.2f s | %.2f |\n", n, 20 * n, a, w, m, b, a / b }'
done
echo
read -r cpu _ memory <"$work/ours-$(echo "$sizes" | tr ' ' '\n' | grep -x "$lots")"
read -r sum _ _ solve _ <"$work/theirs-$lots"
for _ in $(seq "$times"); do "$work/program" "$work/$lots"; done | least >"$work/program-ours"
read -r ours objective <"$work/program-ours"
theirs=$(awk '{ print $7 }' "$work/runs-$lots" | least)
awk -v a="$cpu" -v b="$sum" -v s="$solve" -v m="$memory" -v p="$ours" -v q="$theirs" -v w="$objective" -v v="$(awk '{ print $5 }' "$work/theirs-$lots")" -v quick="${1:-}" 'BEGIN {
	printf "%s: the linear program alone, stated and solved: %.2f s, by highspy %.2f s: ratio %.2f, at most 1.1 wanted\n", "'"$lots lots"'", p, q, p / q
	printf "ratio %.2f of the whole command at most 2 wanted; ratio %.2f of the whole command to highspy solving alone; memory %d MiB, at most 2048 wanted\n", a / b, a / s, m
	d = v - w; if (d < 0) d = -d
	if (d > 1e-6 * v) { print "objectives differ: " w ", " v; exit 1 }
	if (quick == "" && (p > 1.1 * q || a > 2 * b || m > 2048)) { print "a limit is exceeded"; exit 1 }
}'
