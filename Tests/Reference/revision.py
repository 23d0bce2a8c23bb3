"""Loads an adapter of a backbone of the Hugging Face cache by the revision in its files, without a network.

    python3 Tests/Reference/revision.py --backbone DIR --data GLUE --output NEW [--heads pooler,mean]

Puts the backbone into a cache of its own in NEW as the revision `v2` of `org/tiny`, whose `main` has other weights. For
each head it trains LoRA on MRPC with `backbone: hf:org/tiny@v2`, runs `hadamesh export --format peft`, and `exported.py`,
which then loads the backbone that adapter_config.json names. The exit code is 0 if all logits agree to 1e-5; with the
weights of `main` they would not.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--backbone", required=True, type=Path, help="a Hugging Face folder of a known family")
parser.add_argument("--data", required=True, help="the GLUE folder")
parser.add_argument("--output", required=True, type=Path, help="the new folder")
parser.add_argument("--heads", default="pooler,mean", help="pooling, or pooling-dense, separated by commas")
parser.add_argument("--program", default=".build/release/hadamesh")
options = parser.parse_args()

home = options.output.absolute() / "huggingface"
model = home / "hub" / "models--org--tiny"
(model / "refs").mkdir(parents=True)
for branch, commit in (("main", "a" * 40), ("v2", "b" * 40)):
    (model / "refs" / branch).write_text(commit)
    shutil.copytree(options.backbone, model / "snapshots" / commit)
other = model / "snapshots" / ("a" * 40) / "model.safetensors"
random = torch.Generator().manual_seed(1)
tensors = {name: tensor + 0.1 * torch.randn(tensor.shape, generator=random) for name, tensor in load_file(other).items()}
save_file(tensors, other, metadata={"format": "pt"})
os.environ |= {"HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
os.environ.pop("HF_HUB_CACHE", None)

study = options.output / "study.yaml"
study.write_text(f"""backbone: hf:org/tiny@v2
data: {options.data}
tasks: [mrpc]
adapter: {{ method: lora }}
stages:
  head: {{ steps: 0 }}
  adapter: {{ steps: 12, schedule: constant, trainHead: true, learningRate: 1e-2 }}
evaluation: {{ every: 0, keep: last }}
""")
exports = []
for head in options.heads.split(","):
    pooling, _, dense = head.partition("-")
    run, folder = options.output / head, options.output / f"{head}-peft"
    changes = ["--set", f"head={{pooling: {pooling}, dense: {dense or 'none'}}}"]
    for command in (["train", study, "--output", run, "--quiet", *changes],
                    ["export", run, "--task", "mrpc", "--format", "peft", "--to", folder]):
        subprocess.run([options.program, *map(str, command)], check=True, stdout=subprocess.DEVNULL)
    exports += [run, folder, "mrpc"]
command = [sys.executable, Path(__file__).parent / "exported.py", "--data", options.data, "--program", options.program]
sys.exit(subprocess.run(list(map(str, command + exports))).returncode)
