"""Series of runs for launch/methods and launch/layers, which can be stopped and started again."""

import json
import os
import subprocess
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent


def add_options(parser, study):
    """Adds the options that every series needs to train a run."""
    parser.add_argument("--backbone", required=True, help="the encoder's folder")
    parser.add_argument("--data", required=True, help="the GLUE folder, or the folder of the study's tasks")
    parser.add_argument("--output", required=True, type=Path, help="the folder for the runs and the tables")
    parser.add_argument(
        "--study", default=root / "launch" / "studies" / study, help=f"the study (default launch/studies/{study})")
    parser.add_argument("--seeds", default="1,2,3", help="separated by commas (default %(default)s)")
    parser.add_argument("--head-rate", default="1e-2", help="the learning rate of the heads (default %(default)s)")
    parser.add_argument("--ranks", type=int, default=2, help="ranks of each run (default %(default)s)")
    parser.add_argument(
        "--program", default=root / ".build" / "release" / "hadamesh",
        help="the program (default .build/release/hadamesh)")


def fail(text):
    """Ends the script after a mistake of the user."""
    print(f"{Path(sys.argv[0]).parent.name}/{Path(sys.argv[0]).name}: {text}", file=sys.stderr)
    sys.exit(2)


def results(run):
    file = run / "results.json"
    return json.loads(file.read_text()) if file.exists() else None


def mean_score(found):
    """The mean over the tasks of the last stage."""
    tasks = found["stages"][-1]["tasks"].values()
    return sum(task["score"] for task in tasks) / len(tasks)


def train(options, run, adapter, rate, *changes):
    """The results of a run, which is started, or resumed if it is not finished."""
    if results(run) is None:
        command = [options.program] if options.ranks == 1 else [root / "launch" / "local", "-n", str(options.ranks)]
        command += ["train"] if options.ranks == 1 else []
        command += [options.study, "--output", run, "--resume", "--quiet"]
        for change in [
            f"backbone={options.backbone}", f"data={options.data}", f"adapter={adapter}",
            f"stages.adapter.learningRate={{weight: {rate}, head: {options.head_rate}}}",
            # All runs of a series read the activations of one frozen encoder.
            f"cache.features={options.output.resolve() / 'features'}", *changes,
        ]:
            command += ["--set", change]
        print(f"{run}", flush=True)
        environment = os.environ | {"HADAMESH_PROGRAM": str(options.program)}
        code = subprocess.run(command, stdout=subprocess.DEVNULL, env=environment).returncode
        if code != 0:
            sys.exit(code)
    return results(run)
