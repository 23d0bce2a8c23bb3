"""Compares a finished Hadamesh run with PyTorch and transformers: gradients, twenty optimizer steps, and logits.

Needs `pip install torch transformers safetensors pyyaml`, a built `hadamesh`, and a run of a study on GLUE tasks with any
method of Tests/Reference/methods, `head: {dropout: 0}` and `debug: {dumpGradients: 20}`. Then

    python3 Tests/Reference/compare.py RUN --backbone DIR --data GLUE [--program .build/release/hadamesh]

It reads from the run: `study.yaml`; the lines {"kind": "step", "stage": "adapter", …} of `journal.jsonl` for the recorded
steps; `reference/step-N.safetensors` with `parameters/TASK/NAME` and `gradients/TASK/NAME` before the update (the gradient
of the task's summed loss, divided by the number of all examples of the step); the final adapters. The reference computes
in float64 unless `--float32` is given. The exit code is 0 if everything agrees, and 1 otherwise.

In the reference of a run with `arithmetic: bfloat16` products of frozen maps have rounded operands too. An activation that
float32 and float64 round to different neighbours differs by 2^-8 of itself, so that tolerances are wider. With `--autocast`
it also prints how far such a run, and PyTorch under `torch.autocast` to bfloat16, are from float64 without any rounding.
"""

import argparse
import functools
import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers
import yaml
from safetensors.torch import load_file
from transformers import AutoTokenizer

import glue
import methods
from batches import encode, losses_of
from bert import Bert
from methods import kind_of
from methods.bottlenecks import Kink

parser = argparse.ArgumentParser()
parser.add_argument("run", type=Path)
parser.add_argument("--backbone", required=True, help="the Hugging Face folder the run was trained on")
parser.add_argument("--data", required=True, help="the GLUE folder")
parser.add_argument("--program", default=".build/release/hadamesh")
parser.add_argument("--task", default=None, help="the task whose logits are compared (the study's first)")
parser.add_argument("--pairs", type=int, default=64, help="development examples whose logits are compared")
parser.add_argument("--float32", action="store_true")
parser.add_argument("--autocast", action="store_true", help="also compare with torch.autocast, for bfloat16")
options = parser.parse_args()
precision = torch.float32 if options.float32 else torch.float64


def numbers(value):
    """A part of a study, with strings such as 1e-2 as numbers: PyYAML requires a dot."""
    if isinstance(value, dict):
        return {key: numbers(part) for key, part in value.items()}
    if isinstance(value, list):
        return list(map(numbers, value))
    return float(value) if isinstance(value, str) and re.fullmatch(r"[+-]?\d+e[+-]?\d+", value) else value


study = numbers(yaml.safe_load((options.run / "study.yaml").read_text()))
adapter, sharing = study.get("adapter", {}), study.get("sharing", {})
optimizer_settings, stage = study.get("optimizer", {}), study.get("stages", {}).get("adapter", {})
trains_head = stage.get("trainHead", True)
pooling = study.get("head", {}).get("pooling", "mean")
maximum_tokens = study.get("maximumTokens", 128)
arithmetic, kink_tolerance = study.get("arithmetic", "float32"), 2e-6
gradient_tolerance, loss_tolerance, logit_tolerance = (
    (1e-3, 1e-3, 1e-4) if arithmetic == "float32" else (3e-2, 2e-3, 1e-2)
)
if options.autocast and arithmetic != "bfloat16":
    parser.error(f"--autocast: found a run in {arithmetic}, expected one with arithmetic: bfloat16")
names = [task if isinstance(task, str) else task["name"] for task in study["tasks"]]
transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()
tokenizer = AutoTokenizer.from_pretrained(options.backbone)
train = {task: glue.read(options.data, task, "train") for task in names}


def recorded_steps():
    """Each recorded step of the adapter stage: its journal line, parameters and gradients by task."""
    steps = []
    for line in (options.run / "journal.jsonl").read_text().splitlines():
        event = json.loads(line)
        file = options.run / "reference" / f"step-{event.get('step')}.safetensors"
        if event.get("kind") == "step" and event.get("stage") == "adapter" and file.exists():
            trees = {"parameters": {}, "gradients": {}}
            for key, tensor in load_file(file).items():
                tree, task, name = key.split("/", 2)
                trees[tree].setdefault(task, {})[name] = tensor
            steps.append((event, trees["parameters"], trees["gradients"]))
    if not steps:
        sys.exit(f"{options.run}: no adapter step was recorded; train with debug: {{dumpGradients: 20}}")
    return steps


class Reference:
    """PyTorch's computation of the run's model: in `precision`, in an arithmetic, or under autocast."""

    def __init__(self, precision, arithmetic="float32", autocast=False):
        self.precision, self.autocast = precision, autocast
        self.bert = Bert(options.backbone, precision, arithmetic=arithmetic)
        self.method = methods.build(adapter, self.bert)

    def logits(self, task, sentences, tensors):
        """The logits [B, C] of a task with these parameters; they may be leaves that require a gradient."""
        method = self.method
        for name, tensor in tensors.items():
            if not name.startswith("head.") and name not in method.parameters:
                sys.exit(f"the parameters of {task} have '{name}', which the reference has not")
        missing = set(method.parameters) - set(tensors)
        if missing:
            sys.exit(f"the parameters of {task} lack {sorted(missing)}")
        method.parameters = {name: tensors[name] for name in method.parameters}
        if isinstance(method, methods.Stack):
            method.bind()
        inputs = encode(tokenizer, sentences, maximum_tokens)
        mask = inputs["attention_mask"]
        with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            hidden = self.bert.hidden(inputs["input_ids"], inputs["token_type_ids"], mask, method)
            if pooling == "mean":
                shares = mask[..., None].to(self.precision)
                pooled = (hidden * shares).sum(1) / shares.sum(1)
            else:
                pooled = hidden[:, 0] if pooling == "cls" else self.bert.pooled(hidden, method)
            return F.linear(pooled, tensors["head.weight"], tensors["head.bias"]).to(self.precision)

    def gradients(self, task, examples, tensors, total):
        """The gradient of the task's summed loss divided by `total`, and its mean loss over `examples`."""
        leaves = {name: tensor.to(self.precision).detach().requires_grad_() for name, tensor in tensors.items()}
        sentences, labels = train[task]
        logits = self.logits(task, [sentences[i] for i in examples], leaves)
        losses = losses_of(logits, [labels[i] for i in examples])
        gradients = torch.autograd.grad(losses.sum() / total, list(leaves.values()), allow_unused=True)
        found = {name: torch.zeros_like(leaves[name]) if gradient is None else gradient
                 for name, gradient in zip(leaves, gradients)}
        return found, float(losses.detach().mean())


def batch_of(event):
    """Each task's training examples of the step."""
    batch = {}
    for unit in event["microBatches"]:
        batch.setdefault(unit["task"], []).extend(unit["examples"])
    return batch


@functools.cache
def kept_of(task):
    """Masks of the entries that pruning left: a removed one is 0 in the first step and at the end."""
    sections = adapter if isinstance(adapter, list) else [adapter]
    if all(section.get("method") != "sparse" for section in sections):
        return {}
    final = load_file(options.run / "adapters" / task / "adapter_model.safetensors")
    return {name: (start != 0) | (final[name] != 0) for name, start in steps[0][1][task].items() if start.dim() == 2}


def greatest(errors):
    """The greatest error, or NaN if any error is NaN, which `max` would hide."""
    return float(torch.tensor(errors).max())


def compare_gradients():
    """The greatest relative error of each kind of tensor over steps, tasks and layers.

    An error is relative to the tensor's largest entry. A gradient that is 0 by the equations, such as that of a key's bias,
    which a softmax over keys ignores, is only rounding in float64: its error is relative to the step's largest entry. If an
    input of a ReLU is within float32's rounding of 0, chance decides its slope: such steps are counted and left out.
    """
    errors, at_kinks = {}, 0
    for event, parameters, gradients in steps:
        batch = batch_of(event)
        total = sum(map(len, batch.values()))
        for task, examples in batch.items():
            Kink.nearest = math.inf
            expected, _ = reference.gradients(task, examples, parameters[task], total)
            if Kink.nearest < kink_tolerance:
                at_kinks += 1
                continue
            largest = max(gradient.abs().max() for gradient in expected.values())
            required = [name for name in expected if trains_head or kind_of(name) != "head"]
            for name in required:
                found = gradients.get(task, {}).get(name)
                if found is None:
                    sys.exit(f"reference/step-{event['step']}.safetensors: no gradients/{task}/{name}")
                own = expected[name].abs().max()
                scale = own if own > 1e-10 * largest else largest
                error = float((found - expected[name]).abs().max() / scale.clamp_min(1e-30))
                kind = name.split(".", 2)[-1] if name.startswith("layer.") else name
                errors.setdefault(kind, []).append(error)
    if at_kinks:
        print(f"{at_kinks} of {len(steps)} steps have a ReLU within {kink_tolerance:.0e} of its kink: not compared")
    if not errors:
        sys.exit("no step is left to compare: record one with smaller batches")
    return {kind: greatest(values) for kind, values in errors.items()}


def compare_training():
    """The greatest difference of the losses when this script takes the same steps from the same start."""
    defaults = {"weight": "all", "bias": "all", "norm": "all", "head": "private"}
    leaves, owner = {}, {}
    for task, tensors in steps[0][1].items():
        for name, tensor in tensors.items():
            shared = sharing.get(kind_of(name), defaults[kind_of(name)])
            if shared not in ("all", "private"):
                sys.exit(f"study.yaml: sharing among '{shared}' is not compared; use all or private")
            owner[task, name] = name if shared == "all" else (task, name)
            leaves.setdefault(owner[task, name], tensor.to(precision).clone())

    decay, clip = float(optimizer_settings.get("weightDecay", 0.01)), float(optimizer_settings.get("clip", 1.0))
    groups = {}
    for (task, name), key in owner.items():
        if trains_head or kind_of(name) != "head":
            decays = kind_of(name) == "weight" or name == "head.weight"
            groups[key] = {"params": [leaves[key]], "kind": kind_of(name), "weight_decay": decay if decays else 0.0}
    optimizer = torch.optim.AdamW(groups.values(), lr=0.0, betas=(0.9, 0.999), eps=1e-8)

    errors = []
    for event, _, _ in steps:
        batch = batch_of(event)
        total = sum(map(len, batch.values()))
        optimizer.zero_grad()
        for task, examples in batch.items():
            tensors = {name: leaves[key] for (other, name), key in owner.items() if other == task}
            gradients, loss = reference.gradients(task, examples, tensors, total)
            errors.append(abs(loss - event["losses"][task]))
            kept = kept_of(task)
            for name, gradient in gradients.items():
                key = owner.get((task, name))
                if key in groups:
                    gradient = gradient * kept.get(name, 1)
                    leaf = leaves[key]
                    leaf.grad = gradient.clone() if leaf.grad is None else leaf.grad + gradient
        for group in optimizer.param_groups:
            group["lr"] = event["learningRates"][group["kind"]]
        torch.nn.utils.clip_grad_norm_([leaves[key] for key in groups], clip or math.inf)
        optimizer.step()
    return greatest(errors)


def compare_logits(task):
    """The greatest difference between the logits of `hadamesh predict` and of PyTorch with the final adapters."""
    sentences = glue.read(options.data, task, "dev")[0][: options.pairs]
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as file:
        file.write("".join("\t".join(example) + "\n" for example in sentences))
        file.flush()
        command = [options.program, "predict", options.run, "--task", task, "--input", file.name, "--logits"]
        output = subprocess.run(command, capture_output=True, text=True)
    if output.returncode != 0:
        sys.exit(f"hadamesh predict ended with {output.returncode}: {output.stderr}")
    found = torch.tensor([[float(value) for value in line.split("\t")] for line in output.stdout.splitlines()])
    file = options.run / "adapters" / task / "adapter_model.safetensors"
    with torch.no_grad():
        trained = {name: tensor.to(precision) for name, tensor in load_file(file).items()}
        expected = reference.logits(task, sentences, trained)
    if found.shape != expected.shape:
        sys.exit(f"hadamesh predict printed {tuple(found.shape)} numbers, expected {tuple(expected.shape)}")
    return float((found - expected).abs().max())


def distances():
    """How far gradients and losses of the recorded steps are from float64: this program's, and autocast's.

    A gradient's distance is that of all tensors together, ‖g − exact‖ / ‖exact‖; the mean over steps and tasks.
    """
    exact, autocast = Reference(torch.float64), Reference(torch.float32, autocast=True)
    found = {"this program": ([], []), "torch.autocast": ([], [])}
    for event, parameters, gradients in steps:
        batch = batch_of(event)
        total = sum(map(len, batch.values()))
        for task, examples in batch.items():
            expected, loss = exact.gradients(task, examples, parameters[task], total)
            other = autocast.gradients(task, examples, parameters[task], total)
            for name, (own, own_loss) in {
                "this program": (gradients[task], event["losses"][task]), "torch.autocast": other,
            }.items():
                compared = [tensor for tensor in expected if tensor in own]
                squares = sum(float(((own[tensor] - expected[tensor]) ** 2).sum()) for tensor in compared)
                norm = sum(float((expected[tensor] ** 2).sum()) for tensor in compared)
                found[name][0].append(math.sqrt(squares / norm))
                found[name][1].append(abs(own_loss - loss))
    return {name: [sum(values) / len(values) for values in pair] for name, pair in found.items()}


steps = recorded_steps()
reference = Reference(precision, arithmetic)
rows = [
    (f"gradient of {kind}", "relative", error, gradient_tolerance)
    for kind, error in sorted(compare_gradients().items())
]
rows.append((f"losses of {len(steps)} steps", "absolute", compare_training(), loss_tolerance))
task = options.task or names[0]
rows.append((f"logits of {options.pairs} {task} examples", "absolute", compare_logits(task), logit_tolerance))
print(f"{'compared':40} {'error':10} {'greatest':>10} {'allowed':>10}")
for name, measure, error, tolerance in rows:
    print(f"{name:40} {measure:10} {error:10.2e} {tolerance:10.0e}  {'ok' if error <= tolerance else 'TOO LARGE'}")
if options.autocast:
    print(f"{'distance from float64, mean of steps':40} {'gradient':>10} {'loss':>10}")
    for name, (gradient, loss) in distances().items():
        print(f"{name:40} {gradient:10.2e} {loss:10.2e}")
passed = all(error <= tolerance for _, _, error, tolerance in rows)
print("PASS" if passed else "FAIL")
sys.exit(0 if passed else 1)
