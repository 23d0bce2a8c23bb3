"""Scores of prunable matrices on the tiny BERT: SNIP and GraSP with exact derivatives, in float64.

Needs `pip install torch transformers safetensors` and the files that Tests/Golden/encoders/generate.py and
Tests/Golden/training/generate.py wrote; run `python3 Tests/Golden/pruning/generate.py`. Parameters are float32, everything
else is computed from them in float64 and stored as float32. No dropout. The batch is that of
encoders/tiny-bert-forward.safetensors, with task `classification` of training/hadamard.safetensors: mean pooling, its head
and labels, the mean cross-entropy of B = 4 examples.

saliency.safetensors, for each of `cases.json`
    CASE.parameters.NAME            the base's parameters
    CASE.gradient.NAME              g of the matrices NAME (all but biases and norms)
    CASE.snip.NAME, CASE.grasp.NAME         |θ g| and θ (H g), with H of all these matrices together, by autograd
"""

import json
import platform
import sys
from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import load_file, save_file

here = Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "Reference"))

import methods  # noqa: E402
from bert import Bert, check  # noqa: E402

torch.set_num_threads(1)
tiny = here.parent / "encoders" / "tiny-bert"
check(tiny)
bert = Bert(tiny)
batch = load_file(here.parent / "encoders" / "tiny-bert-forward.safetensors")
task = load_file(here.parent / "training" / "hadamard.safetensors")
labels = task["labels.classification"]
head = [task[f"parameters.classification.head.{part}"].double() for part in ("weight", "bias")]
ranges = list(zip(batch["offsets"].tolist(), batch["offsets"].tolist()[1:]))


def loss(method):
    logits = []
    for start, end in ranges:
        ids, segments = batch["ids"][None, start:end], batch["segments"][None, start:end]
        hidden = bert.hidden(ids, segments, torch.ones_like(ids), method)
        logits.append(F.linear(hidden[0].mean(0), *head))
    return F.cross_entropy(torch.stack(logits), labels)


random = torch.Generator().manual_seed(11)
stored = {}
for case in json.loads((here / "cases.json").read_text()):
    method = methods.build(case["adapter"], bert)
    for name, start in method.parameters.items():
        value = start.float()
        if methods.kind_of(name) == "weight":
            value = case["deviation"] * torch.randn(start.shape, generator=random)
        stored[f"{case['name']}.parameters.{name}"] = value
        method.parameters[name] = value.double().requires_grad_()
    matrices = {name: leaf for name, leaf in method.parameters.items() if methods.kind_of(name) == "weight"}
    gradient = torch.autograd.grad(loss(method), list(matrices.values()), create_graph=True)
    square = sum((g * g.detach()).sum() for g in gradient)
    product = torch.autograd.grad(square, list(matrices.values()))
    for (name, leaf), g, hg in zip(matrices.items(), gradient, product):
        stored[f"{case['name']}.gradient.{name}"] = g
        stored[f"{case['name']}.snip.{name}"] = (leaf * g).abs()
        stored[f"{case['name']}.grasp.{name}"] = leaf * hg
save_file({key: tensor.detach().float().contiguous() for key, tensor in stored.items()}, here / "saliency.safetensors")
(here / "VERSIONS").write_text(
    f"python {platform.python_version()}\ntorch {torch.__version__}\n"
    f"transformers {transformers.__version__}\nsafetensors {safetensors.__version__}\n"
)
