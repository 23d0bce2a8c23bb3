#!/usr/bin/env python3
"""Writes the golden of an MPNet `vocab.txt` without tokenizer.json, from `transformers`.

    mpnet-cases.json   texts and pairs, and their ids and segments by MPNetTokenizer under each tokenizer_config.json
    VERSIONS-mpnet     what it was made with

The vocabulary is vocab.txt between MPNet's first tokens, `<s> <pad> </s> <unk>`, and `<mask>`, as in published ones. Run it
in its own folder with the Python packages `tokenizers` and `transformers`.
"""

import json
import pathlib
import platform
import tempfile

import tokenizers
import transformers

from generate import CASES

FOLDER = pathlib.Path(__file__).parent
MORE = ["the <mask> cat<mask>", "the<s>cat</s>", "<S> <MASK> <pad> <unk>", "<mask>s  <mask>"]
PAIRS = [("the cat", "sat on the mat"), ("", "the"), ("café <mask>", " running"), ("[CLS] the", "[SEP]")]
NAMED = {"tokenizer_class": "MPNetTokenizer"}
CONFIGURATIONS = [
    NAMED, {"tokenizer_class": "MPNetTokenizerFast", "do_lower_case": False},
    NAMED | {"tokenize_chinese_chars": False, "strip_accents": False},
    NAMED | {"mask_token": "[MASK]", "cls_token": "[CLS]", "sep_token": "[SEP]"},
]


def main():
    lines = (FOLDER / "vocab.txt").read_text(encoding="utf-8").split("\n")[:-1]
    lines = ["<s>", "<pad>", "</s>", "<unk>", *lines, "<mask>"]
    settings = []
    for configuration in CONFIGURATIONS:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "vocab.txt").write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")
            (folder / "tokenizer_config.json").write_text(json.dumps(configuration))
            loaded = transformers.MPNetTokenizer.from_pretrained(str(folder))
        pairs = [loaded(*pair, return_token_type_ids=True) for pair in PAIRS]
        settings.append({
            "configuration": json.dumps(configuration), "ids": [loaded(text)["input_ids"] for text in CASES + MORE],
            "pairs": [pair["input_ids"] for pair in pairs], "segments": [pair["token_type_ids"] for pair in pairs]})
    cases = {"texts": CASES + MORE, "pairs": PAIRS, "settings": settings}
    (FOLDER / "mpnet-cases.json").write_text(json.dumps(cases, ensure_ascii=True, separators=(",", ":")) + "\n")
    (FOLDER / "VERSIONS-mpnet").write_text(
        f"python {platform.python_version()}\ntokenizers {tokenizers.__version__}\ntransformers {transformers.__version__}\n")


if __name__ == "__main__":
    main()
