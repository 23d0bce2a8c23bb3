"""Writes metrics.json: predictions, targets and what scikit-learn and SciPy say of them.

Run with a Python that has numpy, scipy and scikit-learn:  python3 generate.py
A value that the reference leaves undefined is null: a correlation with something constant is nan
in SciPy, and one of a single example is an error.
"""

import json
import math
import pathlib
import platform
import warnings

import numpy
import scipy
import scipy.stats
import sklearn
import sklearn.metrics

HERE = pathlib.Path(__file__).parent
warnings.simplefilter("ignore")


def float32(values):
    """The numbers as the program holds logits."""
    return numpy.asarray(values, dtype=numpy.float32)


def classification(name, logits, targets):
    logits = float32(logits)
    predicted = logits.argmax(axis=1)  # the lowest index where several are largest
    targets = numpy.asarray(targets).astype(int)
    expected = {
        "accuracy": sklearn.metrics.accuracy_score(targets, predicted),
        "macro-f1": sklearn.metrics.f1_score(targets, predicted, average="macro"),
        "matthews": sklearn.metrics.matthews_corrcoef(targets, predicted),
    }
    if logits.shape[1] == 2:
        expected["f1"] = sklearn.metrics.f1_score(targets, predicted)
    return {
        "name": name, "width": logits.shape[1], "logits": [float(x) for x in logits.ravel()],
        "labels": targets.tolist(), "expected": {k: float(v) for k, v in expected.items()},
    }


def defined(compute):
    try:
        value = float(compute())
    except ValueError:
        return None
    return None if math.isnan(value) else value


def regression(name, predicted, targets):
    predicted = float32(predicted)
    targets = numpy.asarray(targets, dtype=numpy.float64)
    x = predicted.astype(numpy.float64)
    return {
        "name": name, "width": 1, "logits": x.tolist(), "values": targets.tolist(),
        "expected": {
            "pearson": defined(lambda: scipy.stats.pearsonr(x, targets).statistic),
            "spearman": defined(lambda: scipy.stats.spearmanr(x, targets).statistic),
        },
    }


def one_hot(classes, width):
    return numpy.eye(width, dtype=numpy.float32)[numpy.asarray(classes)]


def cases():
    random = numpy.random.default_rng(20240607)
    mixed = [0, 1, 1, 0, 1, 0, 0, 1, 1, 1]
    flipped = [1 - label for label in mixed]
    yield classification("perfect", one_hot(mixed, 2), mixed)
    yield classification("all wrong", one_hot(flipped, 2), mixed)
    yield classification("one class predicted, the negative", one_hot([0] * 10, 2), mixed)
    yield classification("one class predicted, the positive", one_hot([1] * 10, 2), mixed)
    yield classification("one class true, the negative", one_hot(mixed, 2), [0] * 10)
    yield classification("one class true, the positive", one_hot(mixed, 2), [1] * 10)
    yield classification("no positives on either side", one_hot([0] * 10, 2), [0] * 10)
    yield classification("all positive on both sides", one_hot([1] * 10, 2), [1] * 10)
    yield classification("one class each, and never the same", one_hot([1] * 10, 2), [0] * 10)
    yield classification("tied logits", [[0.5, 0.5]] * 6, [0, 1, 0, 1, 1, 1])
    yield classification("a single example, right", [[0.1, 0.2]], [1])
    yield classification("a single example, wrong", [[0.2, 0.1]], [1])
    yield classification("two classes at random", random.normal(size=(97, 2)), random.integers(0, 2, 97))
    yield classification("few positives", random.normal(size=(90, 2)) + [0.7, 0], random.random(90) < 0.1)
    yield classification("three classes at random", random.normal(size=(90, 3)), random.integers(0, 3, 90))
    yield classification("three classes, one never true", random.normal(size=(40, 3)), random.integers(0, 2, 40))
    yield classification(
        "three classes, one on neither side", random.normal(size=(40, 3)) - [0, 0, 99], random.integers(0, 2, 40))
    yield classification("three classes, one predicted", one_hot([2] * 9, 3), [0, 1, 2] * 3)
    yield classification("three classes, perfect", one_hot([0, 1, 2] * 3, 3), [0, 1, 2] * 3)
    yield classification("three classes tied in pairs", [[1, 1, 0], [0, 1, 1], [1, 0, 1]] * 4, [1, 2, 2, 0] * 3)
    many = random.integers(0, 9, 60)
    yield classification(
        "nine classes, mostly right", one_hot(many, 9) * 2 + random.normal(size=(60, 9)), many)

    line = numpy.arange(12) / 4
    yield regression("perfect", line, line)
    yield regression("anti-perfect", -line, line)
    yield regression("a steep line", 1000 * line - 7, line)
    yield regression("monotone, not linear", numpy.exp(line), line)
    yield regression("constant predictions", [0.1] * 12, line)
    yield regression("constant targets", line, [0.1] * 12)
    yield regression("both constant", [2.5] * 5, [2.5] * 5)
    yield regression("a single example", [1.5], [2])
    yield regression("two examples, rising", [0.3, 0.4], [1, 5])
    yield regression("two examples, falling", [0.4, 0.3], [1, 5])
    yield regression("two examples, tied predictions", [0.3, 0.3], [1, 5])
    yield regression("three examples", [0.3, 2.0, 1.9], [1, 5, 5])
    yield regression("random", random.normal(size=80), random.random(80) * 5)
    noisy = random.random(120) * 5
    yield regression("correlated", noisy + random.normal(size=120), noisy)
    yield regression("large ties", random.integers(0, 3, 100), random.integers(0, 4, 100))
    yield regression("ties in the targets only", random.normal(size=60), numpy.round(random.random(60) * 2))
    yield regression("all tied but one", [1] * 19 + [2], random.random(20))
    yield regression("a large offset", 10000 + random.random(50), random.random(50))
    yield regression("tiny predictions", random.normal(size=30) * 1e-30, random.random(30))
    yield regression("huge predictions", random.normal(size=30) * 1e37, random.random(30))


rows = ",\n".join(json.dumps(case) for case in cases())
(HERE / "metrics.json").write_text(f"[\n{rows}\n]\n")
versions = {
    "numpy": numpy.__version__, "python": platform.python_version(), "scikit-learn": sklearn.__version__,
    "scipy": scipy.__version__,
}
(HERE / "VERSIONS").write_text("".join(f"{name} {version}\n" for name, version in versions.items()))
