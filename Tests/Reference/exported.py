"""Compares the logits of an exported adapter, loaded by the software it was exported for, with `hadamesh predict`'s.

    python3 Tests/Reference/exported.py RUN FOLDER --task mrpc --data GLUE [--backbone DIR] [--pairs 64]

FOLDER was written by `hadamesh export RUN --task mrpc --to FOLDER`; its files show its form. A merged model needs
`pip install torch transformers`, a PEFT adapter `peft` too, an AdapterHub one `adapters`, which requires its own version of
transformers. A head beside the encoder is loaded by the folder's head.py, and by `sentence-transformers` if that is
installed and the folder has its modules. The exit code is 0 if the logits agree to 1e-5.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

import glue

parser = argparse.ArgumentParser()
parser.add_argument("run", type=Path)
parser.add_argument("folder", type=Path)
parser.add_argument("--task", required=True)
parser.add_argument("--data", required=True, help="the GLUE folder")
parser.add_argument("--backbone", help="the Hugging Face folder that the adapter belongs to")
parser.add_argument("--program", default=".build/release/hadamesh")
parser.add_argument("--tokens", type=int, default=128, help="the study's maximumTokens")
parser.add_argument("--examples", type=int, default=64, help="development examples that are compared")
options = parser.parse_args()
tolerance = 1e-5


def classifier():
    """The folder's sequence classifier, and the name of the software that loaded it."""
    if (options.folder / "config.json").exists():
        return AutoModelForSequenceClassification.from_pretrained(options.folder), "transformers"
    config = json.loads((options.folder / "adapter_config.json").read_text())
    if "peft_type" in config:
        from peft import PeftModel

        count = 1 if (found := glue.tasks[options.task][3]) is None else len(found)
        base = AutoModelForSequenceClassification.from_pretrained(options.backbone, num_labels=count)
        return PeftModel.from_pretrained(base, options.folder), "PEFT"
    from adapters import AutoAdapterModel

    model = AutoAdapterModel.from_pretrained(options.backbone)
    model.set_active_adapters(model.load_adapter(str(options.folder), with_head=True, use_safetensors=True))
    return model, "AdapterHub"


def pooled_logits(texts):
    """The logits by head.py and by sentence-transformers, under their names."""
    sys.path.insert(0, str(options.folder))
    from head import load

    logits = {"head.py": load(options.folder, options.backbone).logits(texts)}
    if (options.folder / "modules.json").exists() and find_spec("sentence_transformers"):
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(options.folder), device="cpu")
        logits["sentence-transformers"] = model.encode(texts, convert_to_tensor=True)
    return logits


def classifier_logits(texts):
    """The logits of the folder's sequence classifier, under its software's name."""
    model, name = classifier()
    tokenizer = AutoTokenizer.from_pretrained(options.backbone or options.folder)
    inputs = tokenizer(texts, truncation="longest_first", max_length=options.tokens, padding=True, return_tensors="pt")
    with torch.no_grad():
        return {name: model.eval()(**inputs).logits}


sentences = glue.read(options.data, options.task, "dev")[0][: options.examples]
with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as file:
    file.write("".join("\t".join(example) + "\n" for example in sentences))
    file.flush()
    command = [options.program, "predict", options.run, "--task", options.task, "--input", file.name, "--logits"]
    output = subprocess.run(command, capture_output=True, text=True)
if output.returncode != 0:
    sys.exit(f"hadamesh predict ended with {output.returncode}: {output.stderr}")
found = torch.tensor([[float(value) for value in line.split("\t")] for line in output.stdout.splitlines()])
texts = [tuple(example) if len(example) > 1 else example[0] for example in sentences]
logits = (pooled_logits if (options.folder / "head.py").exists() else classifier_logits)(texts)
errors = {name: float((found - expected).abs().max()) for name, expected in logits.items()}
listed = ", ".join(f"{name} {error:.2e}" for name, error in errors.items())
print(f"{len(sentences)} examples, greatest difference: {listed}; allowed {tolerance:.0e}")
sys.exit(0 if max(errors.values()) <= tolerance else 1)
