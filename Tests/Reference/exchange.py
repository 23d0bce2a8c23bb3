"""Trains, exports and loads every method that other software can load, and compares the logits on real text.

    python3 Tests/Reference/exchange.py --backbone DIR --data GLUE --output RUNS [--adapters-python PYTHON]

The backbone may be of any family. For each line of the table below, and each head, it trains a dozen steps on MRPC, runs
`hadamesh export` in each form that has both, and `exported.py` on the folders: merged models in transformers, PEFT's in
PEFT, AdapterHub's in `adapters`. With mean pooling it trains on CoLA and STS-B too. Heads beside the encoder are loaded by
their head.py and by sentence-transformers. AdapterHub requires its own version of transformers and therefore has its own
interpreter. Finished runs are reused. At the end it prints the greatest difference of each line, form and head. The exit
code is 0 if all logits agree to 1e-5.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

METHODS = {
    "hadamard": ("{method: hadamard, norm: both}", ["merged"]),
    "hadamard-projection": ("{method: hadamard, site: projection}", ["merged"]),
    "hut": ("{method: hut}", ["merged"]),
    "hira": ("{method: hut, form: lowrank, rank: 2, scale: false, shift: false}", ["merged", "peft"]),
    "hut-lowrank": ("{method: hut, form: lowrank, rank: 2}", ["merged"]),
    "bitfit": ("{method: bitfit}", ["merged"]),
    "layernorm": ("{method: layernorm, embeddings: true}", ["merged", "peft"]),
    "ia3": ("{method: ia3, heads: true}", ["merged", "peft"]),
    "ia3-intermediate": ("{method: ia3, feedForward: intermediate}", ["merged", "adapters"]),
    "lora": ("{method: lora}", ["merged", "peft", "adapters"]),
    "lora-all": (
        "{method: lora, rank: 4, alpha: 16, layers: 1-4, targets: [query, key, value, intermediate, output]}",
        ["merged", "peft", "adapters"]),
    "full": ("{method: full}", ["merged"]),
    "head": ("{method: head}", ["merged"]),
    "sparse-lora": ("{method: sparse, base: {method: lora, start: normal}}", ["merged"]),
    "stack": ("[{method: lora}, {method: hadamard}]", ["merged"]),
    "houlsby": ("{method: houlsby, norm: none}", ["adapters"]),
    "pfeiffer": ("{method: pfeiffer}", ["adapters"]),
    "parallel": ("{method: parallel}", ["adapters"]),
}
# Steps must be large enough for each tensor to change the logits, and small enough for full fine-tuning. Low-rank HUT
# multiplies weights by 1 + B A, in which B begins at 0.
FAST = "{weight: 5e-2, bias: 1e-2, norm: 1e-2, head: 1e-2}"
RATES = {"full": 1e-4, "hira": FAST, "hut-lowrank": FAST}
STUDY = """stages:
  head: { steps: 0 }
  adapter: { steps: 12, schedule: constant, trainHead: true }
batch: { examples: 16, microBatch: 8 }
evaluation: { every: 0, keep: last }
seed: 3
"""

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--backbone", required=True, help="a Hugging Face folder of a known family")
parser.add_argument("--data", required=True, help="the GLUE folder")
parser.add_argument("--output", required=True, type=Path)
parser.add_argument("--methods", default=",".join(METHODS), help="lines of the table, separated by commas")
parser.add_argument("--heads", default="pooler,cls,mean", help="pooling, or pooling-dense, separated by commas")
parser.add_argument("--tokens", type=int, default=128, help="the study's maximumTokens")
parser.add_argument("--program", default=".build/release/hadamesh")
parser.add_argument("--adapters-python", help="an interpreter that has `adapters`; without it its form is left out")
options = parser.parse_args()
options.output.mkdir(parents=True, exist_ok=True)
study = options.output / "study.yaml"
study.write_text(STUDY)
failed = []


def hadamesh(*arguments):
    subprocess.run([options.program, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def trained(name, head, tasks):
    """The run of a line of the table with a head."""
    run = options.output / f"{name}-{head}"
    if (run / "results.json").exists():
        return run
    pooling, _, dense = head.partition("-")
    changes = [
        f"backbone={options.backbone}", f"data={options.data}", f"adapter={METHODS[name][0]}",
        f"head={{pooling: {pooling}, dense: {dense or 'none'}}}", f"maximumTokens={options.tokens}",
        f"tasks=[{','.join(tasks)}]", f"stages.adapter.learningRate={RATES.get(name, 1e-2)}"]
    hadamesh(
        "train", study, "--output", run, "--quiet", *(["--resume"] if run.exists() else []),
        *(part for change in changes for part in ("--set", change)))
    return run


def exported(run, form, task):
    """The folder of an exported adapter; None if the form lacks something."""
    folder = options.output / f"{run.name}-{form}-{task}"
    if not folder.exists():
        command = [options.program, "export", run, "--task", task, "--format", form, "--to", folder]
        ended = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if ended.returncode != 0:
            print(f"{folder.name}: {ended.stderr.strip()}", flush=True)
            # A refusal ends with 2, such as of a family that AdapterHub lacks.
            if ended.returncode != 2:
                failed.append(folder.name)
            return None
    return folder


def compared(python, exports):
    """The greatest difference of each folder's logits, by the folder's name."""
    if not exports:
        return {}
    command = [python, Path(__file__).parent / "exported.py", "--data", options.data, "--backbone", options.backbone,
               "--program", options.program, "--tokens", options.tokens, *(part for export in exports for part in export)]
    found = {}
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        output, errors = process.communicate()
    for line in output.splitlines():
        print(line, flush=True)
        name, _, differences = line.partition(": ")
        found[name] = max(float(number) for number in re.findall(r"\d\.\d+e[-+]\d+", differences))
    if len(found) < len(exports):
        sys.exit(f"{python} compared {len(found)} of {len(exports)} folders: {errors[-2000:]}")
    if process.returncode != 0:
        failed.extend(name for name, difference in found.items() if difference > 1e-5)
    return found


names, heads = options.methods.split(","), options.heads.split(",")
exports = {sys.executable: [], options.adapters_python: []}
rows = []
for name in names:
    for head in heads:
        tasks = ["cola", "mrpc", "stsb"] if head.startswith("mean") else ["mrpc"]
        run = trained(name, head, tasks)
        for form in METHODS[name][1]:
            python = options.adapters_python if form == "adapters" else sys.executable
            if python is None:
                print(f"{name}-{head}-{form}: left out, no --adapters-python")
                continue
            folders = [(run, folder, task) for task in tasks if (folder := exported(run, form, task))]
            exports[python] += folders
            rows.append((name, form, head, [folder.name for _, folder, _ in folders]))
differences = {}
for python, folders in exports.items():
    differences |= compared(python, folders)
print(f"\n{'line':20} {'form':9} {' / '.join(heads)}")
for name in names:
    for form in METHODS[name][1]:
        cells = {head: max((differences[folder] for folder in folders), default=None)
                 for line, own, head, folders in rows if (line, own) == (name, form)}
        if cells:
            print(f"{name:20} {form:9} {' / '.join('–' if cell is None else f'{cell:.1e}' for cell in cells.values())}")
if failed:
    sys.exit(f"logits differ: {', '.join(failed)}")
