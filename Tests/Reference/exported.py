"""Compares the logits of exported adapters, loaded by the software they were exported for, with `hadamesh predict`'s.

    python3 Tests/Reference/exported.py --data GLUE [--backbone DIR] RUN FOLDER TASK [RUN FOLDER TASK …]

FOLDER was written by `hadamesh export RUN --task TASK --to FOLDER`; its files show its form. A merged model needs
`pip install torch transformers`, a PEFT adapter `peft` too, an AdapterHub one `adapters`, which requires its own version of
transformers. A head beside the encoder is loaded by the folder's head.py, and by `sentence-transformers` if that is
installed and the folder has its modules. Prints a line for each folder; the exit code is 0 if all logits agree to 1e-5.
"""

import argparse
import functools
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

import glue

parser = argparse.ArgumentParser()
parser.add_argument("exports", nargs="+", metavar="RUN FOLDER TASK")
parser.add_argument("--data", required=True, help="the GLUE folder")
parser.add_argument("--backbone", help="the Hugging Face folder that the adapters belong to")
parser.add_argument("--program", default=".build/release/hadamesh")
parser.add_argument("--tokens", type=int, default=128, help="the studies' maximumTokens")
parser.add_argument("--examples", type=int, default=64, help="development examples that are compared")
options = parser.parse_args()
if len(options.exports) % 3:
    parser.error(f"found {len(options.exports)} arguments, expected a run, a folder and a task for each export")
tolerance = 1e-5


def revision_of(folder):
    """The revision of the backbone that an adapter's folder names; None without one."""
    path = folder / "adapter_config.json"
    return json.loads(path.read_text()).get("revision") if path.exists() else None


def classifier(folder, task):
    """A folder's sequence classifier, and the name of the software that loaded it."""
    if (folder / "config.json").exists():
        return AutoModelForSequenceClassification.from_pretrained(folder), "transformers"
    config = json.loads((folder / "adapter_config.json").read_text())
    if "peft_type" in config:
        from peft import AutoPeftModelForSequenceClassification, PeftModel

        count = 1 if (found := glue.tasks[task][3]) is None else len(found)
        if options.backbone is None:
            return AutoPeftModelForSequenceClassification.from_pretrained(folder, num_labels=count), "PEFT"
        base = AutoModelForSequenceClassification.from_pretrained(options.backbone, num_labels=count)
        return PeftModel.from_pretrained(base, folder), "PEFT"
    from adapters import AutoAdapterModel

    model = AutoAdapterModel.from_pretrained(options.backbone or config["model_name"])
    model.set_active_adapters(model.load_adapter(str(folder), with_head=True, use_safetensors=True))
    return model, "AdapterHub"


def pooled_logits(folder, texts):
    """The logits by head.py and by sentence-transformers, under their names."""
    specification = importlib.util.spec_from_file_location("head", folder / "head.py")
    head = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(head)
    model = head.load(folder, options.backbone)
    for wrong in [{"text": "a", "text_pair": "b"}], [("a", "b", "c")], [("a",)], [1], [texts[0], None]:
        try:
            sys.exit(f"{folder}: head.py read {wrong} as {model(wrong)}, expected a ValueError")
        except ValueError:
            pass
    logits = {"head.py": model.logits(texts)}
    # sentence-transformers loads the branch `main` of an adapter's backbone, whatever revision its configuration names.
    is_pinned = options.backbone is None and revision_of(folder) is not None
    if (folder / "modules.json").exists() and not is_pinned and importlib.util.find_spec("sentence_transformers"):
        from sentence_transformers import SentenceTransformer

        modules = SentenceTransformer(str(folder), device="cpu")
        logits["sentence-transformers"] = modules.encode(texts, convert_to_tensor=True)
    return logits


def classifier_logits(folder, task, texts):
    """The logits of a folder's sequence classifier, under its software's name."""
    model, name = classifier(folder, task)
    source, revision = options.backbone or folder, None
    if options.backbone is None and not (folder / "config.json").exists():
        config = json.loads((folder / "adapter_config.json").read_text())
        source, revision = config.get("base_model_name_or_path") or config["model_name"], revision_of(folder)
    tokenizer = AutoTokenizer.from_pretrained(source, revision=revision)
    inputs = tokenizer(texts, truncation="longest_first", max_length=options.tokens, padding=True, return_tensors="pt")
    with torch.no_grad():
        return {name: model.eval()(**inputs).logits}


@functools.cache
def sentences(task):
    return glue.read(options.data, task, "dev")[0][: options.examples]


@functools.cache
def predicted(run, task):
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as file:
        file.write("".join("\t".join(example) + "\n" for example in sentences(task)))
        file.flush()
        command = [options.program, "predict", run, "--task", task, "--input", file.name, "--logits"]
        output = subprocess.run(command, capture_output=True, text=True)
    if output.returncode != 0:
        sys.exit(f"hadamesh predict ended with {output.returncode}: {output.stderr}")
    return torch.tensor([[float(value) for value in line.split("\t")] for line in output.stdout.splitlines()])


def error(run, folder, task):
    """Prints the greatest differences of a folder's logits by the software that loads it, and returns the greatest."""
    found = predicted(run, task)
    texts = [tuple(example) if len(example) > 1 else example[0] for example in sentences(task)]
    logits = pooled_logits(folder, texts) if (folder / "head.py").exists() else classifier_logits(folder, task, texts)
    errors = {name: float((found - expected).abs().max()) for name, expected in logits.items()}
    listed = ", ".join(f"{name} {error:.2e}" for name, error in errors.items())
    print(f"{folder.name}: {len(texts)} examples, greatest difference: {listed}; allowed {tolerance:.0e}", flush=True)
    return max(errors.values())


arguments = iter(options.exports)
errors = [error(run, Path(folder), task) for run, folder, task in zip(arguments, arguments, arguments)]
sys.exit(0 if max(errors) <= tolerance else 1)
