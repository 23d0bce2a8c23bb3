"""Every adapter method on the tiny encoder of every family but BERT: samples of outputs and gradients, in float64.

Needs `pip install torch transformers safetensors`; run `python3 Tests/Golden/methods/families.py` after generate.py. The
cases are those of METHOD.json; one that trains a pooler is left out where the family has none.

families/FAMILY.safetensors, for each case
    METHOD.CASE.parameters.NAME     a parameter that METHOD.safetensors lacks or has in another shape; all others are
                                    those of the BERT's case
    METHOD.CASE.norms [2 + N]       the Euclidean norms of tiny.py's `hidden`, `pooled` (where there is a pooler), and the
                                    gradients of the N parameters in the order of their names
    METHOD.CASE.samples             of the same tensors, flattened, every k-th number from the first on: k = max(1, n/S) | 1
                                    of n numbers, S = 96 for outputs and 12 for gradients

trained/: the frozen adapters of those cases, the BERT's for all families.
"""

import platform

import safetensors
import torch
import transformers
from safetensors.torch import load_file, save_file
from tiny import Tiny, cases, encoders, here, methods


def trains_pooler(section):
    parts = section if isinstance(section, list) else [section["base"]] if "base" in section else []
    return any(map(trains_pooler, parts)) or (isinstance(section, dict) and section.get("pooler", False))


def samples(tensor, count):
    values = tensor.detach().flatten()
    return values[:: max(1, len(values) // count) | 1]


def write(family):
    tiny = Tiny(family)
    random = torch.Generator().manual_seed(13)
    stored = {}
    for name in sorted(path.stem for path in here.glob("*.json")):
        on_bert = load_file(here / f"{name}.safetensors")
        for case in cases(name):
            if trains_pooler(case["adapter"]) and not tiny.bert.has("pooler.weight"):
                continue
            stem = f"{name}.{case['name']}"
            method = methods.build(case["adapter"], tiny.bert)
            for key, start in method.parameters.items():
                value = on_bert.get(f"{case['name']}.parameters.{key}")
                if value is None or value.shape != start.shape:
                    value = (start + 0.2 * torch.randn(start.shape, generator=random)).float()
                    stored[f"{stem}.parameters.{key}"] = value
                method.parameters[key] = value.double().requires_grad_()
            found = tiny.outputs(method, f"{family}, {stem}")
            outputs = [(found[key], 96) for key in ("hidden", "pooled") if key in found]
            tensors = outputs + [(found[key], 12) for key in sorted(found) if key.startswith("gradient.")]
            stored[f"{stem}.norms"] = torch.stack([tensor.norm() for tensor, _ in tensors])
            stored[f"{stem}.samples"] = torch.cat([samples(tensor, count) for tensor, count in tensors])
    stored = {key: tensor.detach().float().contiguous() for key, tensor in stored.items()}
    save_file(stored, here / "families" / f"{family}.safetensors")


(here / "families").mkdir(exist_ok=True)
for folder in sorted(encoders.glob("tiny-*/config.json")):
    family = folder.parent.name.removeprefix("tiny-")
    if family != "bert":
        write(family)
(here / "families" / "VERSIONS").write_text(
    f"python {platform.python_version()}\ntorch {torch.__version__}\n"
    f"transformers {transformers.__version__}\nsafetensors {safetensors.__version__}\n"
)
