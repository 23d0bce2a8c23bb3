"""Hadamesh beside PyTorch in one sitting: examples per second of the adapter stage on MRPC, measured in turns.

Needs `pip install torch transformers`, a built program, and run

    python3 Tests/Reference/speed.py --backbone DIR --data GLUE [--rounds 3] [--steps 20]

Each round trains Hadamard adapters in all layers on MRPC, 32 examples a step, no dropout: with two ranks of this
program, then with two processes of peer.py (DistributedDataParallel over gloo, padding to the longest), then with
peer.py's one process on all threads. A round's rates are medians over its steps; the table has each one's median over
the rounds, their spread, and the ratios. Rates of a busy machine mean little; ratios within one sitting more.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

here = Path(__file__).parent
root = here.parent.parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--backbone", required=True, help="a Hugging Face folder of a BERT")
parser.add_argument("--data", required=True, help="the GLUE folder")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--steps", type=int, default=20)
parser.add_argument("--ranks", type=int, default=2)
options = parser.parse_args()

study = """
tasks: [mrpc]
head: { pooling: mean, dropout: 0 }
stages: { head: { steps: 0 }, adapter: { trainHead: true } }
evaluation: { heldOut: 0.01 }
checkpoint: { every: 0 }
"""


def ours():
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "speed.yaml")
        file.write_text(study)
        settings = [f"backbone={options.backbone}", f"data={options.data}", f"stages.adapter.steps={options.steps + 3}"]
        changes = [word for setting in settings for word in ("--set", setting)]
        command = [root / "launch/local", "-n", str(options.ranks), file, "--output", f"{folder}/run", "--quiet", *changes]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        events = [json.loads(line) for line in Path(folder, "run/journal.jsonl").read_text().splitlines()]
    steps = [event for event in events if event["kind"] == "step"][3:]  # the first ones warm up
    return 32 * len(steps) / sum(event["seconds"] for event in steps)


def peer(*arguments):
    command = [sys.executable, here / "peer.py", "--backbone", options.backbone, "--data", options.data]
    command += ["--steps", str(options.steps), "--repeats", "1", *arguments]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output.splitlines()[-1])["examplesPerSecond"]


measured = {
    f"hadamesh, {options.ranks} ranks": ours,
    "PyTorch, 2 processes": lambda: peer(),
    "PyTorch, 1 process, all threads": lambda: peer("--single"),
    "PyTorch, 2 processes, padded to 128": lambda: peer("--pad", "128"),
}
rates = {name: [] for name in measured}
for _ in range(options.rounds):
    for name, measure in measured.items():
        rates[name].append(measure())
first = statistics.median(next(iter(rates.values())))
print(f"{'':38}{'examples/s':>12}{'lowest':>10}{'highest':>10}{'ratio':>8}")
for name, values in rates.items():
    median = statistics.median(values)
    print(f"{name:38}{median:12.1f}{min(values):10.1f}{max(values):10.1f}{first / median:8.2f}")
