#!/usr/bin/env python3
"""Makes the demo's three tasks from two text packages, alike on every machine.

    sentiment      film review snippets: fresh or rotten
    subjectivity   one sentence each: from a review, or the first sentence of a
                   plot summary
    topic          BBC news: business, entertainment, politics, sport, tech

A text is stripped, and its white space (tabs and newlines too) becomes single
blanks. Empty texts and texts with two labels are left out of a task, and a
repeated text is used once. In every task a text whose SHA-256, read as a
number, is divisible by ten belongs to dev, any other to train, so no dev text
is ever trained on. Texts are ordered by SHA-256, and each class has its first
texts up to an equal share of the task's cap.
"""

import argparse
import bz2
import collections
import csv
import hashlib
import io
import os
import re
import sys

# The most texts of a task in train and in dev. News texts are long and cost several times a sentence.
CAPS = {"sentiment": (1500, 300), "subjectivity": (1000, 200), "topic": (500, 150)}
TOPICS = {"business": "business", "entertainment": "entertainment", "politics": "politics",
          "sports": "sport", "tech": "tech"}


def cleaned(text):
    # `split` covers all of Unicode's white space; NUL and other controls are not allowed in a TSV.
    return " ".join(re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029\ufeff]", " ", text).split())


def first_sentence(text):
    """The text up to its first sentence end that leaves at least six words; all of it if there is none."""
    words = text.split()
    for count in range(6, len(words)):
        if words[count - 1].rstrip("\"')").endswith((".", "!", "?")) and words[count][:1].isupper():
            return " ".join(words[:count])
    return text


def number(text):
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest(), "big")


def read_reviews(folder):
    path = os.path.join(folder, "rotten_tomatoes_corpus_full.csv.bz2")
    with bz2.open(path) as file:
        rows = list(csv.DictReader(io.StringIO(file.read().decode("utf-8"))))
    sentiment, subjectivity = [], []
    for row in rows:
        text = cleaned(row["text"])
        if row["category"] == "plot":
            subjectivity.append((first_sentence(text), "plot"))
        else:
            sentiment.append((text, row["category"]))
            subjectivity.append((text, "review"))
    return sentiment, subjectivity


def read_news(folder):
    rows = []
    for directory, topic in TOPICS.items():
        for name in sorted(os.listdir(os.path.join(folder, directory))):
            with open(os.path.join(folder, directory, name), "rb") as file:
                data = file.read()
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:  # one file of the package is in Latin 1
                text = data.decode("latin-1")
            rows.append((cleaned(text), topic))
    return rows


def split(rows, caps):
    """(train, dev), each a list of (text, label), by the rules at the top."""
    labels = collections.defaultdict(set)
    for text, label in rows:
        labels[text].add(label)
    usable = sorted((number(text), text, next(iter(names)))
                    for text, names in labels.items() if text and len(names) == 1)
    classes = sorted({label for _, _, label in usable})
    parts = ([], [])
    kept = collections.Counter()
    for value, text, label in usable:
        part = 1 if value % 10 == 0 else 0
        if kept[part, label] < caps[part] // len(classes):
            kept[part, label] += 1
            parts[part].append((text, label))
    return parts


def write(path, rows):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = path + ".part"
    with open(part, "w", encoding="utf-8", newline="\n") as file:
        file.write("text\tlabel\n")
        for text, label in rows:
            file.write(f"{text}\t{label}\n")
    os.replace(part, path)


def main():
    parser = argparse.ArgumentParser(
        prog="launch/prepare-demo.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", required=True, help="the folder that `launch/fetch reviews` printed")
    parser.add_argument("--news", required=True, help="the folder that `launch/fetch news` printed")
    parser.add_argument("--output", required=True, help="TASK/train.tsv and TASK/dev.tsv are written below it")
    arguments = parser.parse_args()
    try:
        sentiment, subjectivity = read_reviews(arguments.reviews)
        tasks = {"sentiment": sentiment, "subjectivity": subjectivity, "topic": read_news(arguments.news)}
        for task, rows in tasks.items():
            train, dev = split(rows, CAPS[task])
            write(os.path.join(arguments.output, task, "train.tsv"), train)
            write(os.path.join(arguments.output, task, "dev.tsv"), dev)
            labels = ", ".join(sorted({label for _, label in train}))
            print(f"  {task:<12} {len(train):>4} train {len(dev):>3} dev  {labels}")
    except (OSError, KeyError, UnicodeDecodeError) as error:
        sys.exit(f"launch/prepare-demo.py: the fetched texts cannot be read: {error!r}; "
                 "remove .cache and run launch/demo again")


if __name__ == "__main__":
    main()
