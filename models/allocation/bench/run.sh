#!/usr/bin/env bash
# run.sh [--quick]: winner determination against HiGHS alone on the same program, on auctions drawn from the distributions of
# CATS, and core payments against the allocation they are for; fails where a claim of README does not hold. Large regions and arbitrary take three minutes of CPU a case.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

flags=(-sizes 100x500,250x1000,256x1000,500x1000,500x2000 -seeds 2)
if [ "${1:-}" = --quick ]; then flags=(-sizes 30x100 -limit 20 -noise 1); fi
go run ./models/allocation/bench "${flags[@]}"
