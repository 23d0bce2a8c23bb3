"""Writes a backbone of another size with random weights, for speed measurements and for comparisons of families.

Needs `pip install torch transformers safetensors` and run

    python3 Tests/Reference/shapes.py --tokenizer DIR --output NEW [--family bert] [--layers 12] [--hidden 768] [--heads 12]

The defaults are BERT-base's. Tokenizer files and vocabulary are those of the Hugging Face folder DIR, and so is the
configuration, unless another family is named. The answers of such a backbone mean nothing, but its speed does not depend
on its weights. `--noise 0.1` moves every weight by as much, biases and LayerNorms too, so that each of them changes the
answers.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
import transformers

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--tokenizer", type=Path, required=True, help="a Hugging Face folder with a tokenizer")
parser.add_argument("--output", type=Path, required=True, help="the new folder")
parser.add_argument("--family", help="`model_type`; by default that of the folder's config.json")
parser.add_argument("--layers", type=int, default=12)
parser.add_argument("--hidden", type=int, default=768)
parser.add_argument("--heads", type=int, default=12)
parser.add_argument("--noise", type=float, default=0)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()
if options.output.exists():
    parser.error(f"--output: {options.output} exists already, expected a new folder")
if options.heads < 1 or options.hidden % options.heads:
    parser.error(f"--heads: found {options.heads}, expected a divisor of {options.hidden}, the width")

torch.manual_seed(options.seed)
if options.family is None:
    configuration = transformers.AutoConfig.from_pretrained(options.tokenizer)
else:
    configuration = transformers.AutoConfig.for_model(options.family)
    if options.family in ("roberta", "mpnet"):
        # As the published ones: 512 positions after the id of padding, and one segment.
        configuration.update({"max_position_embeddings": 514, "layer_norm_eps": 1e-5})
    if options.family == "roberta":
        configuration.type_vocab_size = 1
    vocabulary = options.tokenizer / "vocab.json"
    words = json.loads(vocabulary.read_text()) if vocabulary.exists() else (
        options.tokenizer / "vocab.txt").read_text().split("\n")[:-1]
    configuration.vocab_size = len(words)
# DistilBERT's configuration takes these names for its own.
configuration.num_hidden_layers = options.layers
configuration.hidden_size = options.hidden
configuration.num_attention_heads = options.heads
inner = "hidden_dim" if configuration.model_type == "distilbert" else "intermediate_size"
setattr(configuration, inner, 4 * options.hidden)
model = transformers.AutoModel.from_config(configuration)
with torch.no_grad():
    for parameter in model.parameters():
        parameter += options.noise * torch.randn_like(parameter)
model.save_pretrained(options.output)
for file in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "merges.txt", "special_tokens_map.json"):
    if (options.tokenizer / file).exists():
        shutil.copyfile(options.tokenizer / file, options.output / file)
print(f"{options.output}: {configuration.model_type}, {options.layers} layers of {options.hidden}, {options.heads} heads")
