#!/usr/bin/env bash
# run.sh [--quick]: a bidder's optimal bid against HiGHS on the one MIP of all lots and scenarios, and that MIP's formulation
# against the textbook's. At 1,600 lots HiGHS is given 12 times what lotwise takes, which it uses up: half an hour in all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

if [ "${1:-}" = --quick ]; then
	go run ./models/bidding/bench -lots 40 -scenarios 5 -kinds stations -limit 5
	exit
fi
go run ./models/bidding/bench -lots 16,32 -scenarios 10 -kinds stations,budget -formulations
go run ./models/bidding/bench -lots 100,400,1600 -scenarios 20 -limit 60 -check
go run ./models/bidding/bench -lots 100 -scenarios 50 -limit 60 -check
