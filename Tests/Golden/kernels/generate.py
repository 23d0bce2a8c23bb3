"""Values and gradients of the numerical kernels, computed in float64 from float32 inputs and stored as float32.

Needs `pip install torch safetensors`; run `python3 Tests/Golden/kernels/generate.py`. It writes kernels.safetensors.
`upstream` is the gradient given at the value; `gradient.X` is the resulting gradient at X.

layernorm.{small,wide,offset}.  x [R, d], weight, bias [d], epsilon [1], upstream, value [R, d],
                                gradient.{x [R, d], weight [d], bias [d]}
                                small: d = 5; wide: d = 384; offset: rows whose mean is 1000 times their spread
gelu.                           x [1601] from -8 to 8, value, derivative (the exact form, x Φ(x))
tanh.                           x [321], value, derivative
softmax.                        x, upstream, value, gradient.x, all packed rows of several lengths;
                                offsets [rows + 1], I64. Some rows reach magnitudes of 10 000.
crossentropy.{two,three,large}. logits [B, C], labels [B] I64, losses [B], gradient.logits [B, C] of the losses' sum
mse.                            predictions, targets, losses, gradient.predictions [B], of the losses' sum
linear.                         x [R, in], weight [out, in] (as checkpoints store it), bias [out], upstream,
                                value [R, out], gradient.{x, weight, bias}
"""

import platform
from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

here = Path(__file__).parent
torch.set_num_threads(1)
random = torch.Generator().manual_seed(5)
stored = {}


def normal(*shape, scale=1.0, shift=0.0):
    return torch.randn(*shape, generator=random) * scale + shift


def record(name, function, upstream, **inputs):
    """Stores inputs, value and gradients of `function(**inputs)` under `name`."""
    leaves = {key: tensor.double().requires_grad_() for key, tensor in inputs.items()}
    value = function(**leaves)
    value.backward(upstream.double())
    stored.update({f"{name}.{key}": tensor for key, tensor in inputs.items()})
    stored.update({f"{name}.gradient.{key}": leaf.grad for key, leaf in leaves.items()})
    stored[f"{name}.upstream"] = upstream
    stored[f"{name}.value"] = value.detach()


for name, rows, width, epsilon, shift in [
    ("small", 3, 5, 1e-12, 0), ("wide", 2, 384, 1e-12, 0), ("offset", 2, 48, 1e-5, 1000),
]:
    record(
        f"layernorm.{name}",
        lambda x, weight, bias: F.layer_norm(x, (width,), weight, bias, epsilon),
        normal(rows, width),
        x=normal(rows, width, shift=shift), weight=normal(width, scale=0.3, shift=1), bias=normal(width, scale=0.2),
    )
    stored[f"layernorm.{name}.epsilon"] = torch.tensor([epsilon])

for name, function, grid in [
    ("gelu", lambda x: x * torch.special.erfc(-x / 2**0.5) / 2, torch.linspace(-8, 8, 1601)),
    ("tanh", lambda x: torch.tanh(x), torch.linspace(-12, 12, 321)),
]:
    record(name, function, torch.ones_like(grid), x=grid)
    stored[f"{name}.derivative"] = stored.pop(f"{name}.gradient.x")
    del stored[f"{name}.upstream"]

lengths, scales = [1, 2, 3, 7, 16, 33, 128, 5, 9], [1, 1, 4, 1, 10, 2, 1, 1e4, 80]
x = torch.cat([normal(length, scale=scale) for length, scale in zip(lengths, scales)])
record("softmax", lambda x: torch.cat([row.softmax(0) for row in x.split(lengths)]), normal(sum(lengths)), x=x)
stored["softmax.offsets"] = torch.tensor([0] + lengths).cumsum(0)

for name, rows, classes, scale in [("two", 6, 2, 1), ("three", 7, 3, 2), ("large", 5, 4, 200)]:
    labels = torch.randint(classes, (rows,), generator=random)
    record(
        f"crossentropy.{name}", lambda logits: F.cross_entropy(logits, labels, reduction="none"), torch.ones(rows),
        logits=normal(rows, classes, scale=scale),
    )
    stored[f"crossentropy.{name}.losses"] = stored.pop(f"crossentropy.{name}.value")
    stored[f"crossentropy.{name}.labels"] = labels
    del stored[f"crossentropy.{name}.upstream"]

targets = normal(9, scale=2)
record("mse", lambda predictions: (predictions - targets.double()) ** 2, torch.ones(9), predictions=normal(9))
stored["mse.losses"], stored["mse.targets"] = stored.pop("mse.value"), targets
del stored["mse.upstream"]

record("linear", F.linear, normal(5, 11), input=normal(5, 7), weight=normal(11, 7), bias=normal(11))
stored["linear.x"], stored["linear.gradient.x"] = stored.pop("linear.input"), stored.pop("linear.gradient.input")

integers = {key: value for key, value in stored.items() if value.dtype == torch.int64}
floats = {key: value.float().contiguous() for key, value in stored.items() if key not in integers}
save_file(floats | integers, here / "kernels.safetensors")
(here / "VERSIONS").write_text(
    f"python {platform.python_version()}\ntorch {torch.__version__}\nsafetensors {safetensors.__version__}\n"
)
