"""Every adapter method on the tiny BERT: outputs and all gradients, in float64.

Needs `pip install torch transformers safetensors`; run `python3 Tests/Golden/methods/generate.py [METHOD …]`. The
methods are those of Tests/Reference/methods. Parameters are float32, everything else is computed from them in float64
and stored as float32. The batch is that of encoders/tiny-bert-forward.safetensors (T tokens, B sequences, d = 24).

METHOD.json: `cases` on the tiny BERT (name, `adapter` section, layers with parameters, how many parameters, `smooth`:
false where finite differences would meet kinks) and `published` counts on the shapes of a backbone; read by this
script, by families.py and by Tests/AdaptersTests. `stack` is for lists.

METHOD.safetensors, for each case
    CASE.parameters.NAME            the parameters, each moved away from its start
    CASE.hidden [T, d], CASE.pooled [B, d]        the last hidden states, and the pooler's
    CASE.gradient.NAME              of Σ hidden ⊙ upstream + Σ pooled ⊙ (the first rows of upstream)

trained/NAME: adapters on the tiny BERT as a run leaves them, for methods that build on others; trained/adapters.json has their
`adapter` sections. In cases and published counts, {trained} stands for the folder.
"""

import json
import platform
import sys

import safetensors
import torch
import transformers
from safetensors.torch import save_file
from tiny import Tiny, cases, here, methods

tiny = Tiny("bert")


def checksum(data):
    """CRC-32C, as a backbone is told from another by."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF


def write_trained():
    """Adapters with values as large as training makes them, beside heads that nobody reads."""
    config = json.loads((tiny.folder / "config.json").read_text())
    backbone = {
        "family": config["model_type"], "layers": config["num_hidden_layers"], "hidden": config["hidden_size"],
        "heads": config["num_attention_heads"], "intermediate": config["intermediate_size"],
        "checksum": checksum((tiny.folder / "model.safetensors").read_bytes()),
    }
    random = torch.Generator().manual_seed(11)
    for name, section in json.loads((here / "trained" / "adapters.json").read_text()).items():
        tensors = methods.build(section, tiny.bert).parameters | {"head.weight": torch.zeros(2, 24), "head.bias": torch.zeros(2)}
        tensors = {key: (start + 0.15 * torch.randn(start.shape, generator=random)).float() for key, start in tensors.items()}
        folder = here / "trained" / name
        folder.mkdir(exist_ok=True)
        save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
        config = {"peft_type": section["method"].upper(), "hadamesh": {"adapter": section, "backbone": backbone}}
        (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")


write_trained()
for name in sys.argv[1:] or sorted(path.stem for path in here.glob("*.json")):
    random = torch.Generator().manual_seed(7)
    stored = {}
    for case in cases(name):
        method = methods.build(case["adapter"], tiny.bert)
        for key, start in method.parameters.items():
            # Float32 before float64: the values that the file holds are those that were used.
            moved = (start + 0.2 * torch.randn(start.shape, generator=random)).float()
            stored[f"{case['name']}.parameters.{key}"] = moved
            method.parameters[key] = moved.double().requires_grad_()
        count = sum(tensor.numel() for tensor in method.parameters.values())
        if count != case["parameters"]:
            sys.exit(f"{name}, case {case['name']}: {count} parameters, the file says {case['parameters']}")
        found = tiny.outputs(method, f"{name}, case {case['name']}")
        stored |= {f"{case['name']}.{key}": value for key, value in found.items()}
    save_file({key: tensor.detach().float().contiguous() for key, tensor in stored.items()}, here / f"{name}.safetensors")
(here / "VERSIONS").write_text(
    f"python {platform.python_version()}\ntorch {torch.__version__}\n"
    f"transformers {transformers.__version__}\nsafetensors {safetensors.__version__}\n"
)
