"""Hadamesh beside PyTorch in one sitting: examples per second of the rows of work.py, measured in turns.

Needs `pip install torch transformers safetensors`, a built program, Open MPI, and run

    python3 Tests/Reference/speed.py --backbone DIR --data GLUE [--group-by-length] [--bf16] [--rows a,b] [--rounds 3]
        [--steps 10] [--ranks 2]

PyTorch is peer.py in several configurations: `--ranks` processes of one thread (DistributedDataParallel over gloo), or one
process of as many threads; batches in random order, and with `--group-by-length` of like lengths too, each padded to its
longest example; in float32, and with `--bf16` in bfloat16 too, as this program then. A row first runs each configuration for
a few steps, and keeps those that come within 30 % of the fastest. Then in each round every contender runs once, in turn:
`hadamesh bench` with `--ranks` ranks, and the configurations that were kept. PyTorch trains as many parameters as this
program, which is checked, and caches no frozen activations between epochs.

A row's table has each contender's median, lowest and highest rate over the rounds. The last table names the fastest
configuration and gives the ratio to it: this program in float32 beside PyTorch in float32, in bfloat16 beside PyTorch in
either. Rates of a busy machine mean little; ratios within one sitting mean more. Every rank needs its own core, so `--ranks`
should not exceed the number of cores.
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
from dataclasses import dataclass
from pathlib import Path

import glue
import work

here = Path(__file__).resolve().parent
root = here.parent.parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--backbone", required=True, help="a Hugging Face folder of a BERT")
parser.add_argument("--data", required=True, help="the GLUE folder")
parser.add_argument("--rows", default=",".join(work.rows), help="rows of the table of work; all by default")
parser.add_argument("--group-by-length", action="store_true", help="PyTorch with batches of like lengths too")
parser.add_argument("--bf16", action="store_true", help="both programs in bfloat16 too")
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


def ours(row, seed, arithmetic):
    """One measurement by `hadamesh bench`."""
    with tempfile.TemporaryDirectory() as folder:
        study, measured = Path(folder, f"{row.name}.yaml"), Path(folder, "bench.json")
        study.write_text(row.study(options, layers, seed, arithmetic))
        script = 'source "$1"; shift; exec mpirun --quiet -x OPENBLAS_NUM_THREADS -x OMP_NUM_THREADS "$@"'
        bench = [Path(options.program).resolve(), "bench", study, "--json", measured]
        bench += ["--steps", steps, "--repeats", 1 if options.quick else row.passes]
        run("bash", "-c", script, "bash", root / "launch/environment", "-np", options.ranks, *bench)
        rate, tokens = row.rate({phase["name"]: phase for phase in json.loads(measured.read_text())["phases"]})
    return {"examplesPerSecond": rate, "tokensPerExample": round(tokens, 1)}


@dataclass(frozen=True)
class Peer:
    """A configuration of PyTorch."""

    processes: int
    threads: int
    like_lengths: bool
    arithmetic: str

    @property
    def name(self):
        work = f"{self.processes} processes" if self.processes > 1 else f"{self.threads} threads"
        return f"PyTorch {self.arithmetic}, {work}{', like lengths' if self.like_lengths else ''}"

    def measure(self, row, seed, steps, repeats):
        """One measurement by peer.py."""
        command = [sys.executable, here / "peer.py", "--backbone", options.backbone, "--data", options.data]
        command += ["--task", row.task, "--adapter", json.dumps(row.section(layers)), "--pooling", row.pooling]
        command += ["--steps", steps, "--repeats", repeats, "--seed", seed]
        command += ["--processes", self.processes, "--threads", self.threads]
        command += ["--group-by-length"] * self.like_lengths + ["--bf16"] * (self.arithmetic == "bfloat16")
        result = json.loads(run(*command).splitlines()[-1])
        environment.update({name: result[name] for name in ("torch", "transformers")})
        return result


arithmetics = ["float32"] + ["bfloat16"] * options.bf16
peers = [
    Peer(processes, threads, like_lengths, arithmetic)
    for arithmetic in arithmetics for like_lengths in [False] + [True] * options.group_by_length
    for processes, threads in sorted({(options.ranks, 1), (1, options.ranks)}, reverse=True)
]


def compared(arithmetic):
    """PyTorch's arithmetics that this program's is compared with."""
    return ("float32",) if arithmetic == "float32" else ("float32", "bfloat16")


def fast(row):
    """The configurations that come within 30 % of the fastest in a comparison, by a few steps each."""
    rates = {}
    for peer in peers:
        progress(f"{row.name}: trying {peer.name}")
        rates[peer] = peer.measure(row, 42, 3, 1)["examplesPerSecond"]
    best = {a: max(rate for peer, rate in rates.items() if peer.arithmetic in compared(a)) for a in arithmetics}
    return {peer: rates[peer] for peer in peers if rates[peer] >= 0.7 * best[peer.arithmetic]}, rates


def progress(text):
    """Prints the current measurement if there is a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def measure(row):
    """A row's result: each contender's rates, and the ratio to PyTorch's fastest configuration in each arithmetic."""
    kept, tried = fast(row)
    contenders = {f"hadamesh {a}, {options.ranks} ranks": (a, lambda seed, a=a: ours(row, seed, a)) for a in arithmetics}
    for peer in kept:
        contenders[peer.name] = (peer.arithmetic, lambda seed, peer=peer: peer.measure(
            row, seed, steps, 1 if options.quick else 3))
    own, expected = list(contenders)[: len(arithmetics)], parameters_of(row)
    measured = {name: [] for name in contenders}
    for turn in range(options.rounds):
        for name, (_, measurement) in contenders.items():
            progress(f"{row.name}: round {turn + 1} of {options.rounds}, {name}")
            measured[name].append(measurement(42 + turn))
            found = measured[name][-1].get("trainedParameters", expected)
            if found != expected:
                sys.exit(f"{row.name}: {name} trains {found} parameters, and hadamesh {expected}")
    progress("")
    results = {}
    for name, (arithmetic, _) in contenders.items():
        rates = [result["examplesPerSecond"] for result in measured[name]]
        results[name] = {
            "arithmetic": arithmetic, "median": statistics.median(rates), "lowest": min(rates), "highest": max(rates),
            "rounds": rates, "tokensPerExample": statistics.median(r["tokensPerExample"] for r in measured[name]),
        }
    against = {}
    for arithmetic, name in zip(arithmetics, own):
        fastest = max((peer.name for peer in kept if peer.arithmetic in compared(arithmetic)),
                      key=lambda peer: results[peer]["median"])
        against[arithmetic] = {
            "own": name, "fastest": fastest, "ratio": results[name]["median"] / results[fastest]["median"],
            "target": row.target(arithmetic, amx),
        }
    return {
        "task": row.task, "adapter": row.section(layers), "pooling": row.pooling, "epochs": "later" if row.later else "three",
        "trainedParameters": expected, "tried": {peer.name: rate for peer, rate in tried.items()},
        "contenders": results, "against": against,
    }


def table_of(name, result):
    """The contenders of one row, for a terminal."""
    epochs = "from the second epoch" if result["epochs"] == "later" else "three epochs"
    lines = [f"{name}: {json.dumps(result['adapter'])} on {result['task']}, {result['pooling']} pooling, {epochs}, "
             f"{result['trainedParameters']} parameters trained"]
    lines.append(f"{'':50}{'examples/s':>11}{'lowest':>10}{'highest':>10}{'tokens/example':>16}")
    for contender, rates in result["contenders"].items():
        numbers = "".join(f"{rates[key]:{size}.1f}" for key, size in (("median", 11), ("lowest", 10), ("highest", 10)))
        lines.append(f"{contender:50}{numbers}{rates['tokensPerExample']:16.1f}")
    for peer, rate in result["tried"].items():
        if peer not in result["contenders"]:
            lines.append(f"{peer:50}{rate:11.1f}   in three steps, not measured further")
    return "\n".join(lines) + "\n"


def summary(results):
    """The rows in Markdown: in each arithmetic beside the fastest of PyTorch's configurations."""
    lines = [["row", "arithmetic", "Hadamesh, examples/s", "fastest PyTorch", "examples/s", "ratio", "target"]]
    lines.append(["---"] * len(lines[0]))
    for name, result in results.items():
        for arithmetic, against in result["against"].items():
            own, other = (result["contenders"][against[key]]["median"] for key in ("own", "fastest"))
            target = against["target"]
            missed = ", missed" if target and against["ratio"] < target else ""
            lines.append([
                name, arithmetic, f"{own:.1f}", against["fastest"].removeprefix("PyTorch "), f"{other:.1f}",
                f"{against['ratio']:.2f}", f"≥ {target}{missed}" if target else "–",
            ])
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def has_amx():
    """Whether the processor multiplies bfloat16 tiles."""
    file = Path("/proc/cpuinfo")
    return file.exists() and bool(re.search(r"^flags\s*:.*\bamx_bf16\b", file.read_text(), re.MULTILINE))


def processor():
    """The processor's name."""
    file = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", file.read_text(), re.MULTILINE) if file.exists() else None
    return found[1] if found else platform.processor()


results, amx = {}, has_amx()
load = os.getloadavg()[0]
for name in dict.fromkeys(options.rows.split(",")):
    results[name] = measure(work.rows[name])
    print(table_of(name, results[name]), flush=True)
    if options.json:
        sitting = {
            "processor": processor(), "cores": os.cpu_count(), "loadBefore": load, "ranks": options.ranks,
            "rounds": options.rounds, "steps": steps, "quick": options.quick, "amx": amx, **environment, "rows": results,
        }
        options.json.write_text(json.dumps(sitting, indent=2) + "\n")
print(summary(results))
