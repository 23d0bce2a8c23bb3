#!/usr/bin/env python3
"""Compares the program's token ids with Hugging Face's on every sentence and pair of GLUE files.

    tokens.py BACKBONE DATA --program .build/release/hadamesh     compare; exit 1 on any mismatch
    tokens.py BACKBONE DATA --output DIR                          write inputs and reference ids

BACKBONE is a folder with tokenizer.json, vocab.txt, or vocab.json and merges.txt, DATA a folder of GLUE tasks (SST-2/train.tsv ...).
`PROGRAM tokenize --backbone BACKBONE [--pairs]` reads lines (a tab separates the texts of a pair) and
prints one line of ids for each. --output writes sentences.txt and pairs.txt, the program's input, and
sentences.ids and pairs.ids, the expected output, to the folder.
Needs the Python package `tokenizers`, and `transformers` for a folder without tokenizer.json.
"""

import argparse
import json
import pathlib
import subprocess
import sys

# The names of a first and a second text in the header lines of GLUE files.
PAIRS = [("#1 String", "#2 String"), ("sentence1", "sentence2"), ("question1", "question2"), ("question", "sentence")]


def columns(header):
    """The columns of the texts: two, or one, or None if the header is not known."""
    for first, second in PAIRS:
        if first in header and second in header:
            return [header.index(first), header.index(second)]
    return [header.index("sentence")] if "sentence" in header else None


def examples(path):
    """Yields the texts of each line of a file; tabs separate fields, quotes are text."""
    with open(path, encoding="utf-8-sig", newline="\n") as file:
        lines = [line.rstrip("\n").rstrip("\r").split("\t") for line in file]
    if not lines:
        return
    found = columns(lines[0])
    if found:
        lines = lines[1:]
    elif path.parent.name == "CoLA" and len(lines[0]) == 4:
        found = [3]
    else:
        sys.exit(f"{path}: no known columns in {lines[0]}")
    for number, fields in enumerate(lines, 2):
        if len(fields) <= max(found):
            sys.exit(f"{path}:{number}: found {len(fields)} fields, expected more than {max(found)}")
        yield [fields[column] for column in found]


def collect(data):
    """Every text by itself, and every pair."""
    sentences, pairs = [], []
    for path in sorted(data.glob("**/*.tsv")):
        for texts in examples(path):
            sentences += texts
            if len(texts) == 2:
                pairs.append(texts)
    return sentences, pairs


def load(backbone):
    """The reference tokenizer, without truncation and padding."""
    file = backbone / "tokenizer.json"
    if file.exists():
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(file))
    else:
        import transformers

        settings = backbone / "tokenizer_config.json"
        usual = "RobertaTokenizerFast" if (backbone / "merges.txt").exists() else "BertTokenizerFast"
        kind = json.loads(settings.read_text()).get("tokenizer_class", usual) if settings.exists() else usual
        tokenizer = getattr(transformers, kind).from_pretrained(str(backbone)).backend_tokenizer
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def reference(tokenizer, texts):
    """One line of ids for each example."""
    ids = []
    for start in range(0, len(texts), 1000):
        batch = [tuple(text) if isinstance(text, list) else text for text in texts[start : start + 1000]]
        ids += [" ".join(map(str, encoding.ids)) for encoding in tokenizer.encode_batch(batch)]
    return ids


def lines(texts):
    return "".join(("\t".join(text) if isinstance(text, list) else text) + "\n" for text in texts)


def compare(program, backbone, kind, texts, expected):
    """Prints counts and the first mismatches; returns the number of mismatches."""
    command = [program, "tokenize", "--backbone", str(backbone)] + (["--pairs"] if kind == "pairs" else [])
    result = subprocess.run(command, input=lines(texts).encode(), stdout=subprocess.PIPE)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {result.returncode}")
    found = result.stdout.decode().split("\n")[:-1]
    if len(found) != len(expected):
        sys.exit(f"{kind}: {len(texts)} lines in, {len(found)} lines out")
    wrong = [index for index in range(len(expected)) if found[index] != expected[index]]
    print(f"{kind}: {len(expected)} lines compared, {len(wrong)} mismatches")
    for index in wrong[:5]:
        print(f"  input     {texts[index]!r}\n  expected  {expected[index]}\n  found     {found[index]}")
    return len(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backbone", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--program", help="the program to compare with")
    parser.add_argument("--output", type=pathlib.Path, help="the folder to write inputs and reference ids to")
    options = parser.parse_args()
    if not options.program and not options.output:
        parser.error("say --program, --output or both")
    sentences, pairs = collect(options.data)
    if not sentences:
        sys.exit(f"{options.data}: no .tsv files with examples")
    tokenizer = load(options.backbone)
    wrong = 0
    for kind, texts in [("sentences", sentences), ("pairs", pairs)]:
        expected = reference(tokenizer, texts)
        if options.output:
            options.output.mkdir(parents=True, exist_ok=True)
            (options.output / f"{kind}.txt").write_text(lines(texts), encoding="utf-8", newline="\n")
            (options.output / f"{kind}.ids").write_text("".join(line + "\n" for line in expected), newline="\n")
        if options.program:
            wrong += compare(options.program, options.backbone, kind, texts, expected)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
