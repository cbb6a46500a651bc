"""Times pandas' C reader on a CSV file: pandas_read.py FILE TIMES prints the seconds of the fastest reading."""

import gc
import sys
import time

import pandas

file, times = sys.argv[1], int(sys.argv[2])
best = float("inf")
for _ in range(times):
    gc.collect()
    start = time.perf_counter()
    rows = len(pandas.read_csv(file, engine="c"))
    best = min(best, time.perf_counter() - start)
    assert rows > 0
print(f"{best:.4f}")
