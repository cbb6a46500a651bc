"""Reads a divisible case with pandas and solves its linear program with highspy: what a user would write instead.

divisible.py CASE: prints the seconds of reading, of building and of solving, the objective, the peak memory in MiB, and the seconds of passing
the program and solving it.
The limits are those that `generate -kind divisible` writes: a share of each zone a bidder may win at most, a share of what is
sold that a class gets at least (soft), a share of a group's capacity that is used at least.
"""
import resource
import sys
import time

import highspy
import numpy as np
import pandas as pd

# CPU seconds, which others on the machine change least; all of it is one thread.
clock = time.process_time
began = clock()
case = sys.argv[1]
lots = pd.read_csv(f"{case}/lots.csv", dtype={"lot": str, "zone": str})
bidders = pd.read_csv(f"{case}/bidders.csv", dtype={"bidder": str})
bids = pd.read_csv(f"{case}/bids.csv", dtype={"bidder": str, "bid": str, "lot": str})
limits = pd.read_csv(f"{case}/limits.csv", dtype=str)
read = clock()

bids = bids.merge(lots[["lot", "zone", "reserve", "rural"]], on="lot").merge(bidders[["bidder", "class"]], on="bidder")
bids = bids[bids.price >= bids.reserve].reset_index(drop=True)
n = len(bids)
quantity, money = bids.quantity.to_numpy(float), (bids.price * bids.quantity).to_numpy()
lot = pd.Index(lots.lot).get_indexer(bids.lot)
bidder = pd.Index(bidders.bidder).get_indexer(bids.bidder)
rows, cols, values, upper = [], [], [], []  # blocks of Σ a x <= upper
size = 0


def block(row, col, value, up):
    global size
    rows.append(row + size)
    cols.append(col)
    values.append(value)
    upper.append(np.asarray(up, float))
    size += len(upper[-1])


every = np.arange(n)
block(lot, every, quantity, lots.capacity)
for column, value in (("budget", money), ("max_volume", quantity)):
    if column in bidders:
        capped = bidders[column].notna().to_numpy()
        place = np.cumsum(capped) - 1
        of = capped[bidder]
        block(place[bidder[of]], every[of], value[of], bidders[column][capped])
cost, slacks = [-money], 0
for row in limits.itertuples():
    if row.limit == "max_share":
        keys, at = np.unique(bids.bidder + "\0" + bids.zone, return_inverse=True)
        capacity = lots.groupby("zone").capacity.sum()
        zone = pd.Series(bids.zone.to_numpy()).groupby(at).first()
        block(at, every, quantity, float(row.max) * capacity[zone].to_numpy())
    elif row.of == "accepted":  # min of what is sold - what the class gets <= missed
        column, value = row.where.split("=")
        mine = (bids[column].astype(str) == value).to_numpy()
        a = quantity * (float(row.min) - mine)
        soft = row.penalty == row.penalty
        block(np.zeros(n + soft, int), np.append(every, [n + slacks] * soft), np.append(a, [-1.0] * soft), [0])
        if soft:
            cost.append([float(row.penalty)])
            slacks += 1
    else:
        column, value = row.where.split("=")
        mine = (bids[column].astype(str) == value).to_numpy()
        least = float(row.min) * lots.capacity[lots[column].astype(str) == value].sum()
        soft = row.penalty == row.penalty
        block(np.zeros(mine.sum() + soft, int), np.append(every[mine], [n + slacks] * soft), np.append(-quantity[mine], [-1.0] * soft), [-least])
        if soft:
            cost.append([float(row.penalty)])
            slacks += 1
rows, cols, values, upper = map(np.concatenate, (rows, cols, values, upper))
order = np.lexsort((rows, cols))
rows, cols, values = rows[order], cols[order], values[order]
columns = n + slacks
start = np.searchsorted(cols, np.arange(columns + 1))
lp = highspy.HighsLp()
lp.num_col_, lp.num_row_ = columns, size
lp.col_cost_ = np.concatenate(cost)
lp.col_lower_ = np.zeros(columns)
lp.col_upper_ = np.append(np.ones(n), np.full(slacks, highspy.kHighsInf))
lp.row_lower_, lp.row_upper_ = np.full(size, -highspy.kHighsInf), upper
lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = start, rows, values
h = highspy.Highs()
h.setOptionValue("output_flag", False)
h.setOptionValue("threads", 1)
stated = clock()
h.passModel(lp)
built = clock()
h.run()
solved = clock()
assert h.getModelStatus() == highspy.HighsModelStatus.kOptimal
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(read - began, built - read, solved - built, -h.getInfo().objective_function_value, peak, solved - stated)
