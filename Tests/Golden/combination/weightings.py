"""Weights of loss weightings over sequences of losses, from TorchJD in float64; written by generate.py.

A case has the tasks' losses in each of some steps, those after each step's update, the epoch of each step and normal
random numbers. By weighting it has the weights of each step: the gradient of TorchJD's scalar with respect to the
losses. TorchJD lacks the weighting of Liebel and Körner and UW-SO, so these are their formulas in PyTorch.
`smoothing` has averages of UPGrad's weights over three Gram matrices, by CR-MOGM.
"""

import json

import numpy as np
import torch
from torchjd.aggregation import CRMOGMWeighting, UPGradWeighting
from torchjd.scalarization import DWA, FAMO, UW

torch.set_default_dtype(torch.float64)
random = np.random.default_rng(6)
EPOCHS = [0, 0, 1, 1, 1, 2, 3, 3]


def gradient(scalar, losses):
    losses = torch.tensor(losses, requires_grad=True)
    (weights,) = torch.autograd.grad(scalar(losses), losses)
    return weights.tolist()


def learned(scalar, parameter, losses):
    """Adam on a scalarization's own parameter, after each step's weights were taken."""
    adam = torch.optim.Adam([parameter], lr=0.01)
    weights = []
    for step in losses:
        weights.append(gradient(scalar, step))
        adam.zero_grad()
        scalar(torch.tensor(step)).backward()
        adam.step()
    return weights


def uncertainty(losses):
    scalar = UW(len(losses[0]))
    return learned(scalar, scalar.log_var, losses)


def revised(losses):
    sigma = torch.ones(len(losses[0]), requires_grad=True)
    return learned(lambda l: (l / (2 * sigma**2) + torch.log(1 + sigma**2)).sum(), sigma, losses)


def rate(losses, epochs):
    scalar, weights = DWA(temperature=2.0), []
    for index, step in enumerate(losses):
        if index and epochs[index] != epochs[index - 1]:
            scalar.step()
        weights.append(gradient(scalar, step))
    return weights


def famo(losses, after):
    scalar, weights = FAMO(len(losses[0])), []
    for before, later in zip(losses, after):
        weights.append(gradient(scalar, before))
        scalar.update(torch.tensor(later))
    return weights


def softmax(x):
    return torch.softmax(torch.tensor(x), 0).tolist()


def smoothing():
    weighting, steps = CRMOGMWeighting(UPGradWeighting(), alpha=0.9), []
    for _ in range(3):
        j = torch.tensor(random.standard_normal((3, 5)))
        g = j @ j.T
        g = g / g.trace()
        raw = UPGradWeighting()(g)
        steps.append({"weights": raw.tolist(), "average": weighting(g).tolist()})
    return steps


def case(name, scale):
    count = len(scale)
    losses = (np.array(scale) * random.uniform(0.2, 2, (len(EPOCHS), count))).tolist()
    after = (np.array(losses) * random.uniform(0.7, 1.1, (len(EPOCHS), count))).tolist()
    normals = random.standard_normal((len(EPOCHS), count)).tolist()
    return {
        "name": name, "losses": losses, "after": after, "normals": normals, "epochs": EPOCHS,
        "weights": {
            "uniform": [[1.0] * count] * len(EPOCHS),
            "uncertainty": uncertainty(losses),
            "uncertainty-revised": revised(losses),
            "softmax-loss": [softmax(1 / np.array(step)) for step in losses],
            "rate": rate(losses, EPOCHS),
            "random": [softmax(step) for step in normals],
            "famo": famo(losses, after),
        },
    }


def write(path):
    cases = [
        case("one task", [1]), case("three", [1, 1, 1]), case("unequal", [1e-3, 1, 30, 5]),
        case("equal", [0.7, 0.7]), case("tiny", [1e-12, 1]), case("huge", [1e12, 1]),
    ]
    path.write_text(json.dumps({"cases": cases, "smoothing": smoothing()}, indent=1) + "\n")
