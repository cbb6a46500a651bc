#!/usr/bin/env python3
"""Compares this binding with highspy, HiGHS's own for Python: the time to pass an LP of a million
coefficients to HiGHS and to read a solution of it back, the same in both, the best of several rounds each.

    pip install highspy==1.15.1 numpy
    python solver/highs/bench/compare.py [rounds]

Exits with 1 where the binding takes more than 1.2 times highspy's time.
"""

import pathlib
import re
import subprocess
import sys
import time

import highspy
import numpy as np

LIMIT = 1.2
COLS, ROWS, PER_COL = 100_000, 50_000, 10  # as in BenchmarkPassAndRead


def model():
    """Column j has ones in the rows (7j + 4999k) mod ROWS, k < PER_COL."""
    j = np.arange(COLS)
    rows = (7 * j[:, None] + 4999 * np.arange(PER_COL)[None, :]) % ROWS
    rows.sort(axis=1)
    return (
        COLS, ROWS, COLS * PER_COL, int(highspy.MatrixFormat.kColwise), int(highspy.ObjSense.kMinimize), 0.0,
        1.0 + j % 10, np.zeros(COLS), np.ones(COLS),
        np.full(ROWS, -highspy.kHighsInf), np.full(ROWS, 1e6),
        np.arange(0, COLS * PER_COL, PER_COL, dtype=np.int32), rows.reshape(-1).astype(np.int32),
        np.ones(COLS * PER_COL), np.zeros(COLS, dtype=np.int32),
    )  # fmt: skip


def highspy_seconds(rounds):
    h = highspy.Highs()
    h.setOptionValue("output_flag", False)
    data = model()
    given = highspy.HighsSolution()
    given.col_value = list((np.arange(COLS) % 2).astype(float))
    best = np.inf
    for _ in range(rounds):
        begin = time.perf_counter()
        if h.passModel(*data) == highspy.HighsStatus.kError:
            sys.exit("highspy: passModel failed")
        passed = time.perf_counter() - begin
        h.setSolution(given)
        begin = time.perf_counter()
        s = h.getSolution()
        col, row = np.array(s.col_value), np.array(s.row_value)
        read = time.perf_counter() - begin
        if col.sum() != COLS / 2 or row.sum() != PER_COL * COLS / 2:
            sys.exit("highspy: another solution came back")
        best = min(best, passed + read)
    return best


def binding_seconds(rounds):
    out = subprocess.run(
        ["go", "test", "-run", "^$", "-bench", "^BenchmarkPassAndRead$", "-benchtime", f"{rounds}x", "."],
        cwd=pathlib.Path(__file__).resolve().parent.parent, capture_output=True, text=True,
    )  # fmt: skip
    found = re.search(r"([\d.e+]+) best-ns", out.stdout)
    if not found:
        sys.exit(out.stdout + out.stderr)
    return 1e-9 * float(found[1])


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    ours, theirs = binding_seconds(rounds), highspy_seconds(rounds)
    ratio = ours / theirs
    print(f"{'pass and read 1,000,000 coefficients':<40}{'solver/highs':>14}{'highspy':>12}{'ratio':>8}")
    print(f"{f'best of {rounds}, milliseconds':<40}{1e3 * ours:>14.1f}{1e3 * theirs:>12.1f}{ratio:>8.2f}")
    if ratio > LIMIT:
        sys.exit(f"more than {LIMIT} times highspy's time")


main()
