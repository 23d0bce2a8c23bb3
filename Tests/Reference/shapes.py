"""Writes a backbone of another size with random weights, for speed measurements by `hadamesh bench` or speed.py.

Needs `pip install torch transformers safetensors` and run

    python3 Tests/Reference/shapes.py --tokenizer DIR --output NEW [--layers 12] [--hidden 768] [--heads 12]

The defaults are BERT-base's. Tokenizer files and vocabulary are those of the Hugging Face folder DIR. The
answers of such a backbone mean nothing, but its speed does not depend on its weights.
"""

import argparse
import shutil
from pathlib import Path

import torch
import transformers

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--tokenizer", type=Path, required=True, help="a Hugging Face folder of a BERT")
parser.add_argument("--output", type=Path, required=True, help="the new folder")
parser.add_argument("--layers", type=int, default=12)
parser.add_argument("--hidden", type=int, default=768)
parser.add_argument("--heads", type=int, default=12)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()
if options.output.exists():
    parser.error(f"--output: {options.output} exists already, expected a new folder")
if options.heads < 1 or options.hidden % options.heads:
    parser.error(f"--heads: found {options.heads}, expected a divisor of {options.hidden}, the width")

torch.manual_seed(options.seed)
configuration = transformers.AutoConfig.from_pretrained(options.tokenizer)
configuration.num_hidden_layers = options.layers
configuration.hidden_size = options.hidden
configuration.num_attention_heads = options.heads
configuration.intermediate_size = 4 * options.hidden
transformers.BertModel(configuration).save_pretrained(options.output)
for file in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
    if (options.tokenizer / file).exists():
        shutil.copyfile(options.tokenizer / file, options.output / file)
print(f"{options.output}: {options.layers} layers of {options.hidden}, {options.heads} heads")
