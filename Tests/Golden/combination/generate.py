"""Weights of combination rules on random and degenerate gradients, from TorchJD in float64.

Needs `pip install torchjd torch numpy scipy cvxpy clarabel ecos quadprog qpsolvers`; run
`python3 Tests/Golden/combination/generate.py`. It writes cases.json: for each set of gradients its Gram matrix and, by
rule, TorchJD's weights. PCGrad's random orders are stored with it. `balanced` is the formula of LibMTL's DB_MTL.

TorchJD compares with absolute numbers (1e-4, 1e-12), below which gradients count as zero, so it gets the gradients
divided by √trace(G): weights do not depend on the unit of the gradients, except those of FairGrad and Nash, whose unit is
that of the divided gradients here. Rules that TorchJD can solve for J alone (ConFIG, Nash) have no entry where J is not
their domain. MGDA's iterations stop at a step of 1e-9 or after 20000, instead of 1e-3 and 100.
"""

import json
import platform
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torchjd.aggregation import (
    CAGradWeighting, ConFIG, DualProjWeighting, FairGradWeighting, GradVacWeighting, IMTLGWeighting,
    MGDAWeighting, NashMTL, PCGradWeighting, UPGradWeighting,
)
from torchjd.aggregation._aligned_mtl import AlignedMTLWeighting

import weightings

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
here = Path(__file__).parent
random = np.random.default_rng(5)


def normal(*shape):
    return random.standard_normal(shape)


one = normal(7)
conflict = normal(3, 9)
conflict -= 0.9 * conflict.mean(0)
cases = {
    "one task": normal(1, 7),
    "two": normal(2, 9),
    "three": normal(3, 9),
    "five": normal(5, 9),
    "eight, dependent": normal(8, 6),
    "conflict": conflict,
    "unequal lengths": normal(4, 12) * np.array([[0.1], [1], [3], [30]]),
    "equal": np.stack([one] * 3),
    "opposite": np.stack([one, -one]),
    "a zero": np.stack([one, 0 * one, normal(7)]),
    "zeros": np.zeros((2, 5)),
    "rank one": np.outer([1, 2, -0.5], one),
    "1e-20": 1e-20 * normal(3, 9),
    "1e20": 1e20 * normal(3, 9),
}


def config(j):
    result = ConFIG()(j)
    return np.linalg.pinv(j.numpy().T, rcond=1e-10) @ result.numpy()


def ordered(weighting, g, orders):
    """The weights of a rule that draws its orders of the tasks from torch.randperm."""
    drawn, real = iter(orders), torch.randperm
    torch.randperm = lambda count: torch.tensor(next(drawn), dtype=torch.long)
    try:
        return weighting(g)
    finally:
        torch.randperm = real


def gradvac(g, orders):
    """The second step on the same gradients, in which the usual cosines are half the present ones."""
    # GradVac orders the other tasks alone, by their positions without the task itself.
    orders = [[k - (k > i) for k in order if k != i] for i, order in enumerate(orders)]
    weighting = GradVacWeighting()
    ordered(weighting, g, orders)
    return ordered(weighting, g, orders)


def balanced(g):
    """LibMTL's DB_MTL, given the inner products of its averages of gradients."""
    lengths = np.sqrt(np.diag(g.numpy()))
    return np.where(lengths > 0, lengths.max() / (lengths + 1e-8), 0)


output = []
for name, j in cases.items():
    count = len(j)
    orders = [random.permutation(count).tolist() for _ in range(count)]
    length = np.sqrt((j * j).sum())
    unit = torch.tensor(j / length if length > 0 else j)
    g = unit @ unit.T
    solvable = name in ("one task", "two", "three", "five", "conflict", "unequal lengths", "1e-20", "1e20")
    rules = {
        "mean": lambda: [1 / count] * count,
        "pcgrad": lambda: ordered(PCGradWeighting(), g, orders),
        "gradvac": lambda: gradvac(g, orders),
        "mgda": lambda: MGDAWeighting(epsilon=1e-9, max_iters=20000)(g),
        "upgrad": lambda: UPGradWeighting()(g),
        "imtl": lambda: IMTLGWeighting()(g),
        "aligned": lambda: AlignedMTLWeighting()(g),
        "cagrad": lambda: CAGradWeighting(c=0.5)(g),
        "dual": lambda: DualProjWeighting()(g),
        "config": lambda: config(unit),
        "balanced": lambda: balanced(g),
    }
    if solvable:
        rules["fairgrad"] = lambda: FairGradWeighting(alpha=2)(g)
        if count > 1:
            rules["nash"] = lambda: NashMTL(count, 1.0, 1, 20).weighting(unit)
    weights = {}
    for rule, compute in rules.items():
        found = np.asarray(compute(), dtype=float)
        if np.isfinite(found).all():
            weights[rule] = found.tolist()
        else:
            print(f"{name}: {rule} gives {found}")
    output.append({"name": name, "gramian": (j @ j.T).tolist(), "orders": orders, "weights": weights})

(here / "cases.json").write_text(json.dumps(output, indent=1) + "\n")
weightings.write(here / "weightings.json")
names = ["torchjd", "torch", "numpy", "scipy", "cvxpy", "clarabel", "ecos", "quadprog"]
(here / "VERSIONS").write_text(
    "".join([f"python {platform.python_version()}\n"] + [f"{n} {version(n)}\n" for n in names]))
