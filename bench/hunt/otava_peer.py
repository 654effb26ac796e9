"""Change points by Apache Otava, for bench/hunt/trend.ts: a JSON list of series in, indices and seconds of each out."""

import json
import sys
import time

from otava.analysis import compute_change_points

LEVEL = float(sys.argv[1])

batches = json.load(sys.stdin)
compute_change_points([float(i % 7) for i in range(100)], max_pvalue=LEVEL)
results = []
for series in batches:
    values = [float(value) for value in series]
    started = time.perf_counter()
    found, _ = compute_change_points(values, max_pvalue=LEVEL)
    seconds = time.perf_counter() - started
    results.append({"at": [int(point.index) for point in found], "seconds": seconds})
json.dump(results, sys.stdout)
