"""Trains, exports and loads every method that other software can load, and compares the logits on real text.

    python3 Tests/Reference/exchange.py --backbone DIR --data GLUE --output RUNS [--adapters-python PYTHON]

The backbone may be of any family. For each line of the table below, and each head, it trains a dozen steps on MRPC, runs
`hadamesh export` in each form that has both, and `exported.py` on the folders: merged models in transformers, PEFT's in
PEFT, AdapterHub's in `adapters`. With mean pooling it trains on CoLA and STS-B too. Heads beside the encoder are loaded by
their head.py and by sentence-transformers. AdapterHub requires its own version of transformers and therefore has its own
interpreter. Finished runs are reused. The exit code is 0 if all logits agree to 1e-5.
"""

import argparse
import itertools
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


for name in options.methods.split(","):
    adapter, forms = METHODS[name]
    # Full fine-tuning needs small steps; those of adapters must be large enough to change the logits.
    rate = 1e-4 if name == "full" else 1e-2
    for head in options.heads.split(","):
        pooling, _, dense = head.partition("-")
        tasks = ["cola", "mrpc", "stsb"] if pooling == "mean" else ["mrpc"]
        run = options.output / f"{name}-{head}"
        if not (run / "results.json").exists():
            changes = [
                f"backbone={options.backbone}", f"data={options.data}", f"adapter={adapter}",
                f"head={{pooling: {pooling}, dense: {dense or 'none'}}}", f"maximumTokens={options.tokens}",
                f"tasks=[{','.join(tasks)}]", f"stages.adapter.learningRate={rate}"]
            hadamesh(
                "train", study, "--output", run, "--quiet", *(["--resume"] if run.exists() else []),
                *(part for change in changes for part in ("--set", change)))
        for form, task in itertools.product(forms, tasks):
            export = f"{name}-{head}-{form}-{task}"
            if form == "adapters" and not options.adapters_python:
                print(f"{export}: left out, no --adapters-python")
                continue
            folder = options.output / export
            if not folder.exists():
                command = [options.program, "export", run, "--task", task, "--format", form, "--to", folder]
                exported = subprocess.run(list(map(str, command)), capture_output=True, text=True)
                if exported.returncode != 0:
                    print(f"{export}: {exported.stderr.strip()}", flush=True)
                    # A refusal ends with 2, such as of a family that AdapterHub lacks.
                    if exported.returncode != 2:
                        failed.append(export)
                    continue
            python = options.adapters_python if form == "adapters" else sys.executable
            result = subprocess.run(
                [python, Path(__file__).parent / "exported.py", run, folder, "--task", task, "--data", options.data,
                 "--backbone", options.backbone, "--program", options.program, "--tokens", str(options.tokens)],
                capture_output=True, text=True)
            lines = (result.stdout or result.stderr).strip().splitlines()
            print(f"{export}: {lines[-1] if lines else 'nothing was printed'}", flush=True)
            if result.returncode != 0:
                failed.append(export)
if failed:
    sys.exit(f"logits differ: {', '.join(failed)}")
