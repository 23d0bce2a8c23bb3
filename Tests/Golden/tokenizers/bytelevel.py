#!/usr/bin/env python3
"""Writes the goldens of byte-level BPE, from Hugging Face's `tokenizers`.

    bytelevel.json        a small vocabulary with merges, trained here on text made up here, with RoBERTa's stages
    bytelevel-cases.json  texts, and their ids with the pre-tokeniser's settings and `ignore_merges`; pairs
    VERSIONS-bytelevel    what it was made with

Run it in its own folder with the Python package `tokenizers`.
"""

import json
import pathlib
import platform

import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from generate import CASES

FOLDER = pathlib.Path(__file__).parent
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
CORPUS = [
    "the cat sat on the mat and the other cats sat there", "running, walking and reading: she's there, they'll come",
    "it's 2024, we've 1,000 reasons; I'm sure you'd say so...", "straße café naïve Ελλάδα Русский 中国 日本語 한국어",
    "  two  spaces\tand\n\nlines ", "New York, new yorkers; unaffable affable able",
] * 4
MORE = [
    "she's SHE'S it'S 'tis 'll 've're 'd'm x's's", " leading", "  two", "a  b   c", "trailing  ", "\n\n a\t b \u00a0c\u3000 d", "a\u00a0b",
    "<mask> the <mask>cat<mask>", "the<s>cat</s>", "½ ² Ⅷ ٣ ௧ 12x34", "e\u0301 e\u200db", "the" * 60, "x" * 3000,
    # Letters of Unicode 16 and of 17, of which the reference knows the first.
    "\u1c89's \ua7cb's", "\u088f's \ua7ce's \U00016ea0's \U000323b0's",
    "\U0001f468\u200d\U0001f469 \U0001f1e9\U0001f1ea", "_under_score-d", "a'b ''s ' s",
]
PAIRS = [("the cat", "sat on the mat"), ("", "the"), ("café <mask>", " running")]
SETTINGS = [(False, True), (True, True), (False, False)]


def main():
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    tokenizer.decoder = decoders.ByteLevel()
    ids = {token: tokenizer.token_to_id(token) for token in SPECIAL}
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", ids["</s>"]), ("<s>", ids["<s>"]), trim_offsets=True, add_prefix_space=False)
    file = json.loads(tokenizer.to_str())
    text = "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in file.items())
    (FOLDER / "bytelevel.json").write_text(text + "\n}\n", encoding="utf-8")
    texts = CASES + MORE
    settings = []
    for prefix, regex in SETTINGS:
        for whole in (False, True):
            changed = json.loads(text + "}")
            changed["pre_tokenizer"] |= {"add_prefix_space": prefix, "use_regex": regex}
            changed["model"]["ignore_merges"] = whole
            own = Tokenizer.from_str(json.dumps(changed))
            settings.append({
                "addPrefixSpace": prefix, "useRegex": regex, "ignoreMerges": whole,
                "ids": [own.encode(case).ids for case in texts], "pairs": [own.encode(*pair).ids for pair in PAIRS],
            })
    cases = {"texts": texts, "pairs": PAIRS, "settings": settings}
    (FOLDER / "bytelevel-cases.json").write_text(json.dumps(cases, ensure_ascii=True, separators=(",", ":")) + "\n")
    (FOLDER / "VERSIONS-bytelevel").write_text(f"python {platform.python_version()}\ntokenizers {tokenizers.__version__}\n")


if __name__ == "__main__":
    main()
