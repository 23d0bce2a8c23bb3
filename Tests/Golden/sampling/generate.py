"""Shares of samplers that listen, from the formulas of their sources in float64.

Needs `pip install numpy`; run `python3 Tests/Golden/sampling/generate.py`. It writes cases.json: for each case a
sampler's settings, the tasks, and the scores or losses that it hears, each with the probabilities after it. The sources
have no package to call, so their formulas are written out here: the sampling weights of MADE (princeton-nlp), the
plateau rule of 12-in-1 (facebookresearch/vilbert-multi-task), the weight updater of Online Data Mixing
(alon-albalak), and DoReMi's update of domain weights (sangmichaelxie).
"""

import json
import platform
from pathlib import Path

import numpy as np

here = Path(__file__).parent
random = np.random.default_rng(15)
names = ["a", "b", "c", "d"]


def normal(weights, active=None):
    weights = np.asarray(weights, dtype=np.float64)
    if active is not None:
        weights = np.where(active, weights, 0)
    return (weights / weights.sum()).tolist()


def case(name, settings, events, tasks=4, active=None):
    return {
        "name": name, "sampler": settings, "tasks": names[:tasks], "active": active or [True] * tasks,
        "events": events,
    }


def gap(reference, evaluations):
    """p_i = |r_i − s_i| / Σ |r − s|, set at each evaluation."""
    events = []
    for scores in evaluations:
        events.append({"scores": scores, "probabilities": normal([abs(r - s) for r, s in zip(reference, scores)])})
    return events


class Plateau:
    """A task's state in stop-and-go, for scores that are not negative."""

    def __init__(self, patience, threshold, decline, cooldown):
        self.patience, self.threshold, self.decline, self.cooldown = patience, threshold, decline, cooldown
        self.best, self.bad, self.cooling, self.stopped = -np.inf, 0, 0, False

    def hear(self, score):
        if score > self.best * (1 + self.threshold):
            self.best, self.bad = score, 0
        else:
            self.bad += 1
        if self.cooling > 0:
            self.cooling -= 1
            self.bad = 0
        if self.bad > self.patience:
            self.stopped, self.cooling, self.bad = True, self.cooldown, 0
        elif self.stopped and score < self.best * (1 - self.decline):
            self.stopped, self.cooling, self.bad = False, self.cooldown, 0


def stop_and_go(evaluations, patience=1, threshold=0.001, decline=0.005, cooldown=1, interval=4):
    tasks = [Plateau(patience, threshold, decline, cooldown) for _ in evaluations[0]]
    events = []
    for scores in evaluations:
        for task, score in zip(tasks, scores):
            task.hear(score)
        weights = [1 / interval if task.stopped else 1 for task in tasks]
        events.append({"scores": scores, "probabilities": normal(weights)})
    return events


def bandit(steps, tasks, scale=10):
    """Steps are lists of (task, mean loss, micro-batches)."""
    rewards, p, epsilon = np.zeros(tasks), np.full(tasks, 1 / tasks), 1 / tasks
    events = []
    for t, step in enumerate(steps, 1):
        count = sum(n for _, _, n in step)
        for task, loss, n in step:
            rewards[task] += n / count * loss / scale / p[task]
        before, epsilon = epsilon, min(1 / tasks, np.sqrt(np.log(tasks) / (tasks * t)))
        powers = np.exp(rewards * before)
        p = (1 - tasks * epsilon) * powers / powers.sum() + epsilon
        p = p / p.sum()
        losses, microBatches = [None] * tasks, [0] * tasks
        for task, loss, n in step:
            losses[task], microBatches[task] = loss, n
        events.append({"losses": losses, "microBatches": microBatches, "probabilities": p.tolist()})
    return events


def doremi(steps, reference, rate=1.0, smoothing=1e-4):
    """Steps have each task's mean loss, or None; the excess of an absent task is its latest one."""
    tasks = len(reference)
    w, excess = np.full(tasks, 1 / tasks), [None] * tasks
    events = []
    for losses in steps:
        excess = [e if l is None else max(0.0, l - r) for e, l, r in zip(excess, losses, reference)]
        if None not in excess:
            logarithms = np.log(w) + rate * np.array(excess)
            raised = np.exp(logarithms - logarithms.max())
            w = (1 - smoothing) * raised / raised.sum() + smoothing / tasks
        events.append({
            "losses": losses, "microBatches": [0 if l is None else 1 for l in losses],
            "probabilities": (w / w.sum()).tolist(),
        })
    return events


def losses(count, tasks, missing=0.0, scale=1.0):
    return [
        [None if random.uniform() < missing else float(scale * random.uniform()) for _ in range(tasks)]
        for _ in range(count)
    ]


one = [[(int(random.integers(3)), float(random.uniform(0, 9)), 1)] for _ in range(40)]
many = [
    [
        (task, float(random.uniform(0, 3)), int(random.integers(1, 4)))
        for task in range(4) if random.uniform() < 0.8 or task == 0
    ]
    for _ in range(25)
]
references = {"a": 0.9, "b": 0.8, "c": 0.65, "d": 0.5}
scores = [[float(x) for x in random.uniform(0.2, 1, 4)] for _ in range(6)]
rising = [
    [0.10, 0.5, 0.5, 0.30], [0.20, 0.5, 0.6, 0.31], [0.30, 0.5, 0.5, 0.31], [0.40, 0.5, 0.5, 0.31],
    [0.50, 0.49, 0.5, 0.31], [0.50, 0.48, 0.6, 0.30], [0.50, 0.5, 0.7, 0.30], [0.50, 0.52, 0.7, 0.33],
    [0.49, 0.52, 0.7, 0.33], [0.48, 0.52, 0.69, 0.33], [0.50, 0.52, 0.699, 0.33], [0.51, 0.52, 0.6, 0.30],
    [0.52, 0.52, 0.6, 0.30], [0.52, 0.51, 0.6, 0.31],
]
noisy = [[float(x) for x in np.clip(0.5 + 0.004 * random.standard_normal(3), 0, 1)] for _ in range(60)]
doremi_steps = losses(30, 4)
sparse_steps = losses(40, 4, missing=0.5, scale=3.0)

cases = [
    case("gap", {"name": "gap", "reference": references}, gap(list(references.values()), scores)),
    case("stop-and-go", {"name": "stop-and-go"}, stop_and_go(rising)),
    case(
        "stop-and-go, patient",
        {"name": "stop-and-go", "patience": 3, "threshold": 0.01, "decline": 0.002, "cooldown": 2, "interval": 10},
        stop_and_go(noisy, 3, 0.01, 0.002, 2, 10), tasks=3),
    case("bandit, a micro-batch a step", {"name": "bandit"}, bandit(one, 3), tasks=3),
    case("bandit, several micro-batches", {"name": "bandit", "scale": 2}, bandit(many, 4, 2)),
    case(
        "reference-loss", {"name": "reference-loss", "reference": {n: 0.4 for n in names}},
        doremi(doremi_steps, [0.4] * 4)),
    case(
        "reference-loss, absent tasks",
        {"name": "reference-loss", "reference": {"a": 1, "b": 0.5, "c": 2, "d": 0}, "rate": 0.3, "smoothing": 0.05},
        doremi(sparse_steps, [1, 0.5, 2, 0], 0.3, 0.05)),
]
(here / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")
(here / "VERSIONS").write_text(f"python {platform.python_version()}\nnumpy {np.__version__}\n")
