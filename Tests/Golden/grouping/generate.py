"""The best groups of tasks by TAG's objective, by brute force.

Needs `pip install numpy scipy`; run `python3 Tests/Golden/grouping/generate.py`. It writes cases.json: for each
matrix of affinities, whose row i and column j say how much task i helps task j, and each number of groups, the best
division of the tasks and its score; and rank correlations of SciPy.

The objective is that of google-research's tag/network_selection/TAG_network_selection.ipynb: a task's score in a
group is the mean affinity of the group's other tasks to it, a task alone has -1e6 there, and a division has the
mean score of all tasks. The notebook's groups may overlap; here they divide the tasks. All assignments of tasks to
groups are tried.
"""

import json
import platform
from importlib.metadata import version
from itertools import product
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

here = Path(__file__).parent
random = np.random.default_rng(3)


def symmetric(count):
    values = random.standard_normal((count, count))
    return (values + values.T) / 2


blocks = np.full((6, 6), -0.1)
for group in [0, 3, 5], [1, 2], [4]:
    blocks[np.ix_(group, group)] = 0.5
matrices = {
    "two": random.standard_normal((2, 2)),
    "three": random.standard_normal((3, 3)),
    "five": 1e-3 * random.standard_normal((5, 5)),
    "six, symmetric": symmetric(6),
    "seven": random.standard_normal((7, 7)),
    "blocks": blocks + 1e-3 * symmetric(6),
    "all help": 1 + random.random((5, 5)),
    "all harm": -1 - random.random((5, 5)),
}


def score(assignment, affinity, alone):
    gains = []
    for task, group in enumerate(assignment):
        others = [other for other, its in enumerate(assignment) if its == group and other != task]
        gains.append(np.mean([affinity[other][task] for other in others]) if others else alone)
    return np.mean(gains)


def best(affinity, count, alone):
    found = None
    for assignment in product(range(count), repeat=len(affinity)):
        if len(set(assignment)) == count:
            value = score(assignment, affinity, alone)
            if found is None or value > found[0] + 1e-12 * abs(found[0]):
                found = (value, assignment)
    groups = [[task for task, its in enumerate(found[1]) if its == group] for group in range(count)]
    return {"groups": sorted(groups), "score": found[0]}


result = {"groupings": [], "correlations": []}
for name, affinity in matrices.items():
    for alone in -1e6, 0.0, 0.2:
        result["groupings"].append({
            "name": f"{name}, alone {alone:g}", "affinity": affinity.tolist(), "alone": alone,
            "best": [best(affinity, count + 1, alone) for count in range(len(affinity))],
        })
for left, right in [
    ([1, 2, 3, 4], [1, 3, 2, 4]), ([1, 1, 2], [3, 2, 1]), ([0.3, -1e6, 0.3, 2], [5, 5, 5.5, 1]), ([1, 2], [2, 1]),
]:
    result["correlations"].append({"left": left, "right": right, "value": spearmanr(left, right).statistic})
(here / "cases.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
(here / "VERSIONS").write_text(
    f"python {platform.python_version()}\n" + "".join(f"{name} {version(name)}\n" for name in ["numpy", "scipy"]))
