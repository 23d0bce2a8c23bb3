"""Hadamard adapters on the tiny BERT: logits, losses, every gradient, and twenty optimizer steps, in float64.

Needs `pip install torch transformers safetensors` and the files that Tests/Golden/encoders/generate.py wrote; run
`python3 Tests/Golden/training/generate.py`. Parameters are float32, everything else is computed from them in float64
and stored as float32. No dropout. The batch is `ids`, `segments`, `offsets` of encoders/tiny-bert-forward.safetensors.
Sizes: d = 24, layers N = 0, 1, 2, B = 4 examples; C = 3 classes for task `classification` (cross-entropy), C = 1 for
task `regression` (squared error). Logits = pooled · weightᵀ + bias. Adapter: A' = weight ⊙ A + bias at site `heads`
(the input of the attention's output projection) or `projection` (its output, before residual and LayerNorm).

hadamard.safetensors
    labels.classification [B] I64, labels.regression [B]
    parameters.layer.N.hadamard.{weight,bias} [d]        the adapters, away from identity; norms are the backbone's
    parameters.TASK.head.weight [C, d], parameters.TASK.head.bias [C]
    SITE.POOLING.TASK.logits [B, C], SITE.POOLING.TASK.losses [B]      POOLING: cls, mean, pooler
    SITE.POOLING.TASK.gradient.NAME, of the sum of the losses, for NAME in
        layer.N.hadamard.{weight,bias}, layer.N.{attention,output}.norm.{weight,bias}, head.{weight,bias}
    (which norms are trained doesn't change the gradients: a run with norm `attention` has those of attention.norm)

adamw.safetensors: CASE is one of
    heads-attention       site heads, norm attention, all layers, pooling cls, classification, clip 1
    heads-both            site heads, norm both, all layers, pooling pooler, classification, clip 1
    projection-output     site projection, norm output, layers 0 and 2 only, pooling mean, regression, clip 1
    heads-none            site heads, no norm, all layers, pooling mean, classification, no clipping
    CASE.losses [20]               the mean loss of the batch before each step's update
    CASE.gradientNorms [20]        the norm over all trained parameters before clipping; the gradient is of the mean loss
    CASE.final.NAME                the trained parameters after step 20
    multipliers [20], learningRates [4], weightDecay [1], clip [1]
Each starts from the parameters of hadamard.safetensors. AdamW: β = 0.9, 0.999, ε = 1e-8 added after the bias-corrected
root, decay decoupled (θ ← θ − η λ θ before the update), λ on hadamard.weight and head.weight alone. Clipping scales all
gradients by min(1, clip / (norm + 1e-6)). Learning rates η of hadamard.weight, hadamard.bias, norm, head, in this
order, times the step's multiplier: linear warm-up over W = ceil(0.06 · 20) = 2 steps, then linear decay:
step s = 0 … 19 has s / W where s < W, else (20 − s) / (20 − W); so step 0 only fills the moments.
"""

import math
import platform
from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import load_file, save_file
from transformers import BertModel

here = Path(__file__).parent
encoders = here.parent / "encoders"
torch.set_num_threads(1)
random = torch.Generator().manual_seed(33)
model = BertModel.from_pretrained(encoders / "tiny-bert", attn_implementation="eager").double().eval()
batch = load_file(encoders / "tiny-bert-forward.safetensors")
layers = range(model.config.num_hidden_layers)
labels = {"classification": torch.tensor([2, 0, 1, 2]), "regression": torch.tensor([0.5, 4.25, 3.0, -1.5])}
norm_modules = {"attention": "attention.output.LayerNorm", "output": "output.LayerNorm"}


def normal(*shape, scale=1.0, shift=0.0):
    return torch.randn(*shape, generator=random) * scale + shift


def logits_of(parameters, site, pooling):
    """Logits [B, C] with the adapters, norms and head in `parameters`; absent ones are the backbone's."""
    hooks = []
    for layer in layers:
        weight = parameters.get(f"layer.{layer}.hadamard.weight")
        bias = parameters.get(f"layer.{layer}.hadamard.bias")
        if weight is None:
            continue
        dense = model.encoder.layer[layer].attention.output.dense
        if site == "heads":
            hooks.append(dense.register_forward_pre_hook(lambda _, inputs, w=weight, b=bias: (w * inputs[0] + b,)))
        else:
            hooks.append(dense.register_forward_hook(lambda _, __, output, w=weight, b=bias: w * output + b))
    norms = {
        f"encoder.layer.{layer}.{module}.{part}": parameters[f"layer.{layer}.{norm}.norm.{part}"]
        for layer in layers for norm, module in norm_modules.items() for part in ("weight", "bias")
        if f"layer.{layer}.{norm}.norm.{part}" in parameters
    }
    pooled = []
    for start, end in zip(batch["offsets"][:-1], batch["offsets"][1:]):
        inputs = {"input_ids": batch["ids"][None, start:end], "token_type_ids": batch["segments"][None, start:end]}
        output = torch.func.functional_call(model, norms, kwargs=inputs)
        hidden = output.last_hidden_state[0]
        pooled.append({"cls": hidden[0], "mean": hidden.mean(0), "pooler": output.pooler_output[0]}[pooling])
    for hook in hooks:
        hook.remove()
    return F.linear(torch.stack(pooled), parameters["head.weight"], parameters["head.bias"])


def losses_of(logits, task):
    if task == "classification":
        return F.cross_entropy(logits, labels[task], reduction="none")
    return (logits[:, 0] - labels[task].double()) ** 2


def leaves(task, norms, layers):
    """The trained parameters as float64 leaves, in the order of the file."""
    chosen = {}
    for layer in layers:
        for part in ("weight", "bias"):
            chosen[f"layer.{layer}.hadamard.{part}"] = start[f"parameters.layer.{layer}.hadamard.{part}"]
            for norm in norms:
                module = model.encoder.layer[layer].get_submodule(norm_modules[norm])
                chosen[f"layer.{layer}.{norm}.norm.{part}"] = getattr(module, part)
    for part in ("weight", "bias"):
        chosen[f"head.{part}"] = start[f"parameters.{task}.head.{part}"]
    return {name: tensor.detach().double().clone().requires_grad_() for name, tensor in chosen.items()}


def save(tensors, file):
    integers = {key: value for key, value in tensors.items() if value.dtype == torch.int64}
    floats = {key: value.detach().float().contiguous() for key, value in tensors.items() if key not in integers}
    save_file(floats | integers, here / file)


def write_gradients():
    stored = dict(start)
    for site in ("heads", "projection"):
        for pooling in ("cls", "mean", "pooler"):
            for task in labels:
                parameters = leaves(task, norm_modules, layers)
                logits = logits_of(parameters, site, pooling)
                losses = losses_of(logits, task)
                losses.sum().backward()
                name = f"{site}.{pooling}.{task}"
                stored |= {f"{name}.logits": logits, f"{name}.losses": losses}
                stored |= {f"{name}.gradient.{key}": leaf.grad for key, leaf in parameters.items()}
    save(stored, "hadamard.safetensors")


def write_training():
    steps, weight_decay, clip = 20, 0.1, 1.0
    rates = {"hadamard.weight": 3e-2, "hadamard.bias": 2e-2, "norm": 1e-2, "head": 5e-2}
    warmup = math.ceil(0.06 * steps)
    multipliers = [s / warmup if s < warmup else (steps - s) / (steps - warmup) for s in range(steps)]
    stored = {
        "multipliers": torch.tensor(multipliers), "learningRates": torch.tensor(list(rates.values())),
        "weightDecay": torch.tensor([weight_decay]), "clip": torch.tensor([clip]),
    }
    for case, site, norms, subset, pooling, task, clip_norm in [
        ("heads-attention", "heads", ["attention"], layers, "cls", "classification", clip),
        ("heads-both", "heads", ["attention", "output"], layers, "pooler", "classification", clip),
        ("projection-output", "projection", ["output"], [0, 2], "mean", "regression", clip),
        ("heads-none", "heads", [], layers, "mean", "classification", math.inf),
    ]:
        parameters = leaves(task, norms, subset)
        groups = [
            {
                "params": [leaf], "base": next(rate for kind, rate in rates.items() if kind in name),
                "weight_decay": weight_decay if name.endswith(("hadamard.weight", "head.weight")) else 0.0,
            }
            for name, leaf in parameters.items()
        ]
        optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-8, foreach=False)
        losses, gradient_norms = [], []
        for multiplier in multipliers:
            for group in optimizer.param_groups:
                group["lr"] = group["base"] * multiplier
            optimizer.zero_grad()
            loss = losses_of(logits_of(parameters, site, pooling), task).mean()
            loss.backward()
            losses.append(loss.detach())
            gradient_norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), clip_norm))
            optimizer.step()
        stored[f"{case}.losses"] = torch.stack(losses)
        stored[f"{case}.gradientNorms"] = torch.stack(gradient_norms)
        stored |= {f"{case}.final.{name}": leaf for name, leaf in parameters.items()}
    save(stored, "adamw.safetensors")


start = {f"labels.{task}": values for task, values in labels.items()}
for layer in layers:
    start[f"parameters.layer.{layer}.hadamard.weight"] = normal(24, scale=0.4, shift=1)
    start[f"parameters.layer.{layer}.hadamard.bias"] = normal(24, scale=0.3)
for task, classes in (("classification", 3), ("regression", 1)):
    start[f"parameters.{task}.head.weight"] = normal(classes, 24, scale=0.3)
    start[f"parameters.{task}.head.bias"] = normal(classes, scale=0.2)
write_gradients()
write_training()
(here / "VERSIONS").write_text(
    f"python {platform.python_version()}\ntorch {torch.__version__}\n"
    f"transformers {transformers.__version__}\nsafetensors {safetensors.__version__}\n"
)
