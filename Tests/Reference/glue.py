"""Reads GLUE's official TSV files: only tabs separate, quotes are text, rows of another width are left out."""

from pathlib import Path

binary, entailment = ["0", "1"], ["entailment", "not_entailment"]

# Folder, columns of the sentences, column of the label, labels in class order (None for a regression).
tasks = {
    "cola": ("CoLA", ["sentence"], "label", binary),
    "sst2": ("SST-2", ["sentence"], "label", binary),
    "mrpc": ("MRPC", ["#1 String", "#2 String"], "Quality", binary),
    "stsb": ("STS-B", ["sentence1", "sentence2"], "score", None),
    "qqp": ("QQP", ["question1", "question2"], "is_duplicate", binary),
    "mnli": ("MNLI", ["sentence1", "sentence2"], "gold_label", ["contradiction", "entailment", "neutral"]),
    "qnli": ("QNLI", ["question", "sentence"], "label", entailment),
    "rte": ("RTE", ["sentence1", "sentence2"], "label", entailment),
    "wnli": ("WNLI", ["sentence1", "sentence2"], "label", binary),
}


def read(data, task, split):
    """The sentences (a list of one or two for each example) and the labels (class numbers, or floats)."""
    folder, sentence_columns, label_column, classes = tasks[task]
    name = "dev_matched" if task == "mnli" and split == "dev" else split
    text = (Path(data) / folder / f"{name}.tsv").read_bytes().decode("utf-8-sig")
    rows = [line.removesuffix("\r").split("\t") for line in text.removesuffix("\n").split("\n")]
    header = ["source", "label", "mark", "sentence"] if task == "cola" and split != "test" else rows.pop(0)
    rows = [row for row in rows if len(row) == len(header)]
    sentences = [[row[header.index(column)] for column in sentence_columns] for row in rows]
    labels = [row[header.index(label_column)] for row in rows]
    return sentences, [classes.index(label) if classes else float(label) for label in labels]
