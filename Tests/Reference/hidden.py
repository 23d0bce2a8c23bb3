"""Writes transformers' hidden states of a real backbone on real pairs of texts, which EncodersTests compares.

    python3 Tests/Reference/hidden.py BACKBONE GLUE OUTPUT.safetensors [--task mrpc] [--examples 64]
    HADAMESH_HIDDEN=OUTPUT.safetensors swift test -c release --filter RealBackbone

Needs `pip install torch transformers safetensors`. BACKBONE is a Hugging Face folder of any family; its tokenizer's ids, and
its segment ids if it has such, are those of transformers too. Each pair is run by itself, without padding, in float64 and,
for the size of rounding alone, in float32. OUTPUT.safetensors has, of T tokens of B pairs,

    ids, segments [T], offsets [B + 1]      the batch, I64
    hidden [T, d]                           the last hidden states of float64, as F32
    float32 []                              the greatest difference of float32 to them

and the backbone's folder in its metadata.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer

import glue

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("backbone", type=Path)
parser.add_argument("data", help="the GLUE folder")
parser.add_argument("output", type=Path)
parser.add_argument("--task", default="mrpc", choices=glue.tasks)
parser.add_argument("--examples", type=int, default=64, help="development examples")
options = parser.parse_args()
torch.set_num_threads(1)
tokenizer = AutoTokenizer.from_pretrained(options.backbone)
single = AutoModel.from_pretrained(options.backbone, attn_implementation="eager", dtype=torch.float32).eval()
double = AutoModel.from_pretrained(options.backbone, attn_implementation="eager", dtype=torch.float32).eval().double()
ids, segments, offsets, hidden, error = [], [], [0], [], 0.0
for texts in glue.read(options.data, options.task, "dev")[0][: options.examples]:
    inputs = tokenizer(*texts, truncation="longest_first", max_length=128, return_tensors="pt")
    with torch.no_grad():
        exact, found = (model(**inputs).last_hidden_state[0] for model in (double, single))
    error = max(error, float((found - exact).abs().max()))
    ids += inputs["input_ids"][0].tolist()
    segments += inputs.get("token_type_ids", torch.zeros_like(inputs["input_ids"]))[0].tolist()
    offsets.append(len(ids))
    hidden.append(exact.float())
batch = {"ids": ids, "segments": segments, "offsets": offsets}
tensors = {name: torch.tensor(values) for name, values in batch.items()}
tensors |= {"hidden": torch.cat(hidden), "float32": torch.tensor(error)}
save_file(tensors, options.output, metadata={"backbone": str(options.backbone.resolve())})
print(f"{len(offsets) - 1} examples, {len(ids)} tokens; transformers in float32 is off by {error:.1e}")
