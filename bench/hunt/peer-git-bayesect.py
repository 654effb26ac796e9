"""git_bayesect over simulated histories: reads one hunt a line, prints runs and whether it was right.

A line of input: versions, change, confidence, rate with and without the change, then the numbers in [0, 1) that decide
the runs, one after another.
"""
import sys

from git_bayesect import Bisector

for line in sys.stdin:
    size, change, confidence, fresh, old, *numbers = line.split()
    size, change, confidence = int(size), int(change), float(confidence)
    rates = float(old), float(fresh)
    # Its index 0 is the newest version: the change is at the last index that shows the behaviour at the new rate.
    bisector = Bisector([1.0] * size)
    runs = 0
    for number in numbers:
        if bisector.distribution.max() >= confidence:
            break
        version = bisector.select()
        contains = size - 1 - version >= change
        bisector.record(version, float(number) < rates[contains])
        runs += 1
    found = size - 1 - int(bisector.distribution.argmax())
    sure = bisector.distribution.max() >= confidence
    print(runs, int(sure and found == change), flush=True)
