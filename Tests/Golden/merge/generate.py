"""Merged offsets of every rule: PEFT's functions, and mergekit's formula of Model Stock.

Needs `pip install peft torch numpy`; run `python3 Tests/Golden/merge/generate.py`. It writes cases.json: for each
set of offsets, given as F32 numbers, the merged offset by rule. DARE's masks are drawn here, and stored as the
entries that each adapter keeps; PEFT gets them in place of its own Bernoulli numbers.

PEFT has no merge rule with mergekit's name: Model Stock is written from the formula in mergekit's
merge_methods/model_stock.py, with the mean of the pairwise cosines, in float64. A negative mean cosine, where that
formula extrapolates beyond the start, gives zero.
"""

import json
import platform
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from peft.utils import merge_utils

here = Path(__file__).parent
random = np.random.default_rng(11)


def normal(*shape):
    return random.standard_normal(shape).astype(np.float32)


one = normal(12)
cases = {
    "one entry": (normal(2, 1), [1, 1], 1.0),
    "two": (normal(2, 17), [1, 1], 0.5),
    "three, weighted": (normal(3, 40), [0.5, 2, 1], 0.2),
    "five": (0.3 + normal(5, 33), [1] * 5, 0.4),
    "dense": (normal(3, 20), [1, 1, 1], 1.0),
    "none kept": (normal(3, 4), [1, 1, 1], 0.2),
    "equal": (np.stack([one] * 3), [1, 1, 1], 0.5),
    "opposite": (np.stack([one, -one]), [1, 1], 0.5),
    "a zero": (np.stack([one, 0 * one, normal(12)]), [1, 1, 1], 0.5),
    "zeros": (np.zeros((2, 5), np.float32), [1, 1], 0.5),
    "apart": (np.stack([one, -0.8 * one + 0.1 * normal(12)]), [1, 1], 0.5),
    "1e-15": (1e-15 * normal(3, 9), [1, 1, 1], 0.5),
    "1e15": (1e15 * normal(3, 9), [2, 1, 1], 0.5),
}


def stock(offsets):
    norms = [np.linalg.norm(offset) for offset in offsets]
    cosines = [
        np.clip(offsets[i] @ offsets[j] / max(norms[i] * norms[j], 1e-6), -1, 1)
        for i, j in combinations(range(len(offsets)), 2)
    ]
    n, c = len(offsets), np.mean(cosines)
    t = n * c / (1 + (n - 1) * c) if c > 0 else 0
    return t * offsets.mean(0)


result = []
for name, (offsets, weights, density) in cases.items():
    offsets = offsets.astype(np.float32)
    double = [torch.tensor(offset.astype(np.float64)) for offset in offsets]
    weight = torch.tensor(weights, dtype=torch.float64)
    masks = random.random(offsets.shape) < density
    kept = iter(masks)
    with patch.object(torch, "bernoulli", lambda input: torch.tensor(next(kept), dtype=torch.float64)):
        # With density 1 PEFT prunes nothing, which is the sum.
        dare = merge_utils.dare_linear(double, weight, density)
    merged = {
        "average": merge_utils.task_arithmetic(double, weight / weight.sum()),
        "arithmetic": merge_utils.task_arithmetic(double, weight),
        "ties": merge_utils.ties(double, weight, density),
        "dare": dare,
        "stock": torch.tensor(stock(offsets.astype(np.float64))),
    }
    result.append({
        "name": name, "offsets": [[float(x) for x in row] for row in offsets], "weights": weights,
        "density": density, "kept": (masks | (density == 1)).tolist(),
        "merged": {rule: values.tolist() for rule, values in merged.items()},
    })

(here / "cases.json").write_text(json.dumps(result, indent=None, separators=(",", ":")) + "\n")
packages = ["peft", "torch", "numpy"]
(here / "VERSIONS").write_text(
    f"python {platform.python_version()}\n" + "".join(f"{name} {version(name)}\n" for name in packages))
