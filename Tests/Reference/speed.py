"""Hadamesh beside PyTorch in one sitting: examples per second of the rows of work.py, measured in turns.

Needs `pip install torch transformers safetensors`, a built program, Open MPI, and run

    python3 Tests/Reference/speed.py --backbone DIR --data GLUE [--rows a,b] [--rounds 3] [--steps 10] [--ranks 2]

In each round of a row every contender runs once, in turn: `hadamesh bench` with `--ranks` ranks, then peer.py with as many
processes of one thread (DistributedDataParallel over gloo), then peer.py with one process of as many threads. PyTorch pads
to the longest example of each process's share, and to 128 tokens too in rows with a target for it. It trains as many
parameters as this program, which is checked, and caches no frozen activations between epochs. A row's table has each
contender's median, lowest and highest rate over the rounds, and this program's speed-up. The last table compares with the
faster of PyTorch's two set-ups. Rates of a busy machine mean little; ratios within one sitting mean more. Every rank needs
its own core, so `--ranks` should not exceed the number of cores.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import glue
import work

here = Path(__file__).resolve().parent
root = here.parent.parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--backbone", required=True, help="a Hugging Face folder of a BERT")
parser.add_argument("--data", required=True, help="the GLUE folder")
parser.add_argument("--rows", default=",".join(work.rows), help="rows of the table of work; all by default")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--steps", type=int, help="steps of one pass; 10 by default, 3 when quick")
parser.add_argument("--ranks", type=int, default=2, help="ranks, PyTorch's processes, and its threads")
parser.add_argument("--quick", action="store_true", help="fewer steps, to see that everything works")
parser.add_argument("--json", type=Path, help="write the results to this file")
parser.add_argument("--program", default=os.environ.get("HADAMESH_PROGRAM", root / ".build/release/hadamesh"),
                    help="the built program; otherwise HADAMESH_PROGRAM names it")
options = parser.parse_args()
if unknown := [name for name in options.rows.split(",") if name not in work.rows]:
    parser.error(f"--rows: found '{unknown[0]}', expected some of {', '.join(work.rows)}")
if options.ranks < 1 or 32 % options.ranks:
    parser.error(f"--ranks: found {options.ranks}, expected a divisor of 32, the examples of a step")
if options.rounds < 1:
    parser.error(f"--rounds: found {options.rounds}, expected 1 or more")
steps = options.steps or (3 if options.quick else 10)
if steps < 2:
    parser.error(f"--steps: found {steps}, expected 2 or more")
if not os.access(options.program, os.X_OK):
    parser.error(f"there is no program at {options.program}; build it, or name it with --program")
if not (Path(options.backbone) / "config.json").exists():
    parser.error(f"--backbone: there is no config.json in {options.backbone}")
configuration = json.loads((Path(options.backbone) / "config.json").read_text())
layers, width = configuration["num_hidden_layers"], configuration["hidden_size"]
environment = {}


def run(*command):
    """A command's standard output; if it fails, its error ends this program."""
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if result.returncode:
        sys.exit(f"{Path(command[0]).name} ended with {result.returncode}:\n{(result.stderr or result.stdout)[-2000:]}")
    return result.stdout


def parameters_of(row):
    """The number of parameters that our program trains in a row, head included."""
    text = run(options.program, "methods", row.adapter["method"], "--backbone", options.backbone)
    found = re.search(r"^ *parameters +(\d+)", text, re.MULTILINE)
    if not found:
        sys.exit(f"{row.name}: `hadamesh methods {row.adapter['method']} --backbone` names no number of parameters")
    # A method that a row limits to some layers has all its parameters in layers, as many in each.
    adapter = int(found[1]) * len(row.adapted(layers)) // layers
    return adapter + (width + 1) * len(glue.tasks[row.task][3])


def ours(row, seed):
    """One measurement by `hadamesh bench`."""
    with tempfile.TemporaryDirectory() as folder:
        study, measured = Path(folder, f"{row.name}.yaml"), Path(folder, "bench.json")
        study.write_text(row.study(options, layers, seed))
        script = 'source "$1"; shift; exec mpirun --quiet -x OPENBLAS_NUM_THREADS -x OMP_NUM_THREADS "$@"'
        bench = [Path(options.program).resolve(), "bench", study, "--json", measured]
        bench += ["--steps", steps, "--repeats", 1 if options.quick else row.passes]
        run("bash", "-c", script, "bash", root / "launch/environment", "-np", options.ranks, *bench)
        rate, tokens = row.rate({phase["name"]: phase for phase in json.loads(measured.read_text())["phases"]})
    return {"examplesPerSecond": rate, "tokensPerExample": round(tokens, 1)}


def peer(row, seed, processes, threads, pad):
    """One measurement by peer.py."""
    command = [sys.executable, here / "peer.py", "--backbone", options.backbone, "--data", options.data]
    command += ["--task", row.task, "--adapter", json.dumps(row.section(layers)), "--pooling", row.pooling]
    command += ["--steps", steps]
    command += ["--repeats", 1 if options.quick else 3, "--processes", processes, "--threads", threads, "--seed", seed]
    result = json.loads(run(*command, *(["--pad", pad] if pad else [])).splitlines()[-1])
    environment.update({name: result[name] for name in ("torch", "transformers")})
    return result


def contenders_of(row):
    """Each contender's name, padding (None for ours) and measurement; PyTorch's two set-ups for each padding."""
    contenders = [(f"hadamesh, {options.ranks} ranks", None, lambda seed: ours(row, seed))]
    setups = {
        f"PyTorch, {options.ranks} processes": (options.ranks, 1),
        f"PyTorch, 1 process, {options.ranks} threads": (1, options.ranks),
    }
    for padding, target, pad in (("longest", row.longest, None), ("128", row.fixed, 128)):
        for name, (processes, threads) in setups.items() if target else ():
            # Default arguments hold this turn's values; a closure would use the last ones.
            contenders.append((
                f"{name}, padding to {padding}", padding,
                lambda seed, processes=processes, threads=threads, pad=pad: peer(row, seed, processes, threads, pad),
            ))
    return contenders


def progress(text):
    """Prints the current measurement if there is a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def measure(row):
    """A row's result: each contender's rates, and the ratio to PyTorch's faster set-up for each padding."""
    contenders, expected = contenders_of(row), parameters_of(row)
    measured = {name: [] for name, _, _ in contenders}
    for turn in range(options.rounds):
        for name, _, measurement in contenders:
            progress(f"{row.name}: round {turn + 1} of {options.rounds}, {name}")
            measured[name].append(measurement(42 + turn))
            found = measured[name][-1].get("trainedParameters", expected)
            if found != expected:
                sys.exit(f"{row.name}: {name} trains {found} parameters, and hadamesh {expected}")
    progress("")
    results = {}
    for name, padding, _ in contenders:
        rates = [result["examplesPerSecond"] for result in measured[name]]
        results[name] = {
            "padding": padding, "median": statistics.median(rates), "lowest": min(rates), "highest": max(rates),
            "rounds": rates, "tokensPerExample": statistics.median(r["tokensPerExample"] for r in measured[name]),
        }
    own = results[contenders[0][0]]["median"]
    for result in results.values():
        result["ratio"] = own / result["median"]
    against = {}
    for padding, target in (("longest", row.longest), ("128", row.fixed)):
        if target:
            name = max((name for name in results if results[name]["padding"] == padding),
                       key=lambda name: results[name]["median"])
            against[padding] = {"faster": name, "ratio": results[name]["ratio"], "target": target}
    return {
        "task": row.task, "adapter": row.section(layers), "pooling": row.pooling, "epochs": "later" if row.later else "three",
        "trainedParameters": expected, "contenders": results, "against": against,
    }


def table_of(name, result):
    """The contenders of one row, for a terminal."""
    epochs = "from the second epoch" if result["epochs"] == "later" else "three epochs"
    lines = [f"{name}: {json.dumps(result['adapter'])} on {result['task']}, {result['pooling']} pooling, {epochs}, "
             f"{result['trainedParameters']} parameters trained"]
    lines.append(f"{'':50}{'examples/s':>11}{'lowest':>10}{'highest':>10}{'ratio':>8}{'tokens/example':>16}")
    for contender, rates in result["contenders"].items():
        numbers = "".join(f"{rates[key]:{size}.1f}" for key, size in (("median", 11), ("lowest", 10), ("highest", 10)))
        lines.append(f"{contender:50}{numbers}{rates['ratio']:8.2f}{rates['tokensPerExample']:16.1f}")
    return "\n".join(lines) + "\n"


def summary(results):
    """The table of work in Markdown: each row against the faster of PyTorch's two set-ups."""
    head = ["row", "Hadamesh, examples/s"]
    for padding in ("to the longest", "to 128"):
        head += [f"PyTorch padding {padding}", "ratio", "target"]
    lines = [head, ["---"] * len(head)]
    for name, result in results.items():
        cells = [name, f"{next(iter(result['contenders'].values()))['median']:.1f}"]
        for padding in ("longest", "128"):
            if against := result["against"].get(padding):
                missed = "" if against["ratio"] >= against["target"] else ", missed"
                rate = result["contenders"][against["faster"]]["median"]
                cells += [f"{rate:.1f}", f"{against['ratio']:.2f}", f"≥ {against['target']}{missed}"]
            else:
                cells += ["–"] * 3
        lines.append(cells)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def processor():
    """The processor's name."""
    file = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", file.read_text(), re.MULTILINE) if file.exists() else None
    return found[1] if found else platform.processor()


results = {}
load = os.getloadavg()[0]
for name in dict.fromkeys(options.rows.split(",")):
    results[name] = measure(work.rows[name])
    print(table_of(name, results[name]), flush=True)
    if options.json:
        sitting = {
            "processor": processor(), "cores": os.cpu_count(), "loadBefore": load, "ranks": options.ranks,
            "rounds": options.rounds, "steps": steps, "quick": options.quick, **environment, "rows": results,
        }
        options.json.write_text(json.dumps(sitting, indent=2) + "\n")
print(summary(results))
