#!/usr/bin/env python3
"""Writes the goldens of the tokenizers' tests, from Hugging Face's `tokenizers`.

    tokenizer.json  a small vocabulary, made here; each section on a line of its own, so that tests can replace one
    vocab.txt       the same vocabulary
    cases.json      texts that are hard for Unicode reasons, and their ids under every setting; pairs under limits
    added.json      added tokens with every flag, and the ids of texts that hold them
    scalars.json    for each block of 4096 scalars, hashes of what every normalising step makes of them
    VERSIONS        what it was made with

Run it in its own folder with Python packages `tokenizers` and `transformers`. All text is made up here.
"""

import itertools
import json
import pathlib
import platform
import random
import tempfile

import tokenizers
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

FOLDER = pathlib.Path(__file__).parent
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES = """the cat sat on mat un ##aff ##able ##ffa run ##ning ##s straße ##sse σοφος ##ος istanbul na ##ive naive
resume cafe 2024 ##24 don t ' - -- ... ##- 中 国 ##国 \uac00 \u1100\u1161 \u1100 ##\u1161 \u00e9 e\u0301 ##\u00e9 ##e\u0301 e ##\u0301 İ ı i̇ tokyo MASK SEP CLS mask sep
new york ##york""".split()

CASES = [
    "", " ", " \t\r\n ", "the cat sat on the mat", "The CAT\tsat\non\r\nthe  mat", "unaffable running cats", "don't -- ... 2024",
    # Accents composed, decomposed, several, out of canonical order, alone.
    "café naïve résumé", "cafe\u0301 nai\u0308ve", "\u00e9 e\u0301 E\u0301 \u00c9", "a\u0323\u0302 a\u0302\u0323 \u1ead \u1eac", "\u0301 x\u0301\u0327\u0301",
    "\u0301", "\u212b \u00c5 A\u030a", "\u01d5 \u1e69 s\u0323\u0307 s\u0307\u0323 \u1e9b\u0323", "ø đ ł ħ Æ œ", "q\u0307\u0323 q\u0323\u0307",
    # Case: ligatures, final sigma, dotted and dotless i, sharp s, digraphs, Georgian, Cherokee, Deseret.
    "ﬁnal ﬂoor ﬀ ﬆ", "ΣΟΦΟΣ σοφός ΟΔΟΣ. Σ", "İstanbul ISTANBUL ıstanbul Iı İi", "STRASSE straße ẞ", "ǅ Ǆ ǆ ǈ", "ᲐᲑ აბ Ⴀ", "Ꭰ ꭰ ᎠᎡ", "𐐀𐐨", "ÀÉÎÕÜ",
    "\u03d3 \u03d4 \u212a \u2126", "Ⅷ ⓐ Ⓑ ㎏ ℡", "ᾳ ᾼ ᾈ ῼ",
    # Scripts.
    "中国 中x国 x中", "漢字かなカナ \u30ac \u30ab\u3099 \u3070 \u306f\u3099 \u30cf\u309c \uff76\uff9e", "㐀 䶿 鿿 \ua000", "𠀀 𪛖 𪛟 𪜀 𫝀 𫠝 𫠠 𬺡 𬺰 \U00030000", "\uf900 \ufa00 \ufa0e \U0002f800 \U0002fa1d", "〇 々 〆 ヶ 〱", "〒 「中」。、・",
    "한국어 각 가나 \u1100\u1161\u11a8 힣", "ㄱㅏ ﾡ ￡", "กำลัง ที่ น้ำ ก็", "العربية السَّلام ﷺ ١٢٣ ـ", "שָׁלוֹם יִדיש ﭏ שּׁ", "हिन्दी \u0958 \u0915\u093c \u095b \u0916\u093c क्ष", "বাংলা \u09cb \u09c7\u09be",
    "தமிழ் \u0b95\u0bca \u0b95\u0bc6\u0bbe", "తెలుగు ಕನ್ನಡ മലയാളം", "ျမန္မာ ខ្មែរ ລາວ", "བོད་ཡིག ཱི ཱི", "ᠮᠣᠩᠭᠣᠯ\u180eᠤᠯᠤᠰ", "አማርኛ።", "Ελλάδα ΆΈ ϊΐ", "Русский Йй Ёё Ѝ", "Việt Nam Đường ươ",
    # Emoji and their joiners; variation selectors; flags; tags.
    "👩\u200d👩\u200d👧\u200d👦 👍🏽", "❤\ufe0f ☺ ✈\ufe0e", "🇩🇪🇫🇷", "🏴\U000e0067\U000e0062\U000e007f", "1\ufe0f\u20e3 #\u20e3", "葛\U000e0100城",
    # Invisible characters.
    "zero\u200bwidth\u200cnon\u200djoiner", "a\u2060b\ufeffc", "\ufeffthe cat", "soft\u00adhyphen", "\u202eright\u202c \u2066left\u2069 \u200e\u200f", "a\u00a0b\u202fc\u2007d",
    "a\u2028b\u2029c\u0085d", "a\u1680b\u2000c\u200ad\u205fe\u3000f", "a\u0000b \u0000", "a\u0001b\u001fc\u007fd\u0080e\u009ff", "a\u000bb\u000cc\u001cd",
    "\ufffd a\ufffdb", "\ue000 x\uf8ffy \U000f0000 \U0010fffd", "\u0378 x\u0530y \U000e01f0", "\ufdd0 \uffff \U0001ffff \U0010ffff", "\ud7ff \ue000 \ufffc", "\u061c\u06dd\u070f\u08e2\u0890\U000110bd\U000110cd\U00013430",
    # Marks of later Unicode versions, marks that changed category, musical symbols in canonical disorder.
    "a\u08d4b a\u1ac0b a\u0afab", "\u1885x \u1734x \ua9bdx \U000111c9x \U0001171ex", "\U0001d15e \U0001d158\U0001d165\U0001d16d \U0001d158\U0001d16d\U0001d165",
    "a\u20dd a\u0488 a\u302e\u302a a\u0334\u0345\u0301", "\u0344 \u0340 \u0341 \u0343 \u0958", "x\U00016ff0\u0301 \U00011935\U00011930 \U00011938", "\u0f71\u0f72 \u0f73 \u0f81",
    # Punctuation of each category, of later versions, and what is no punctuation.
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "a_b a‿b ⁀", "a-b a‐b a–b a—b 〜 ゠", "(a) [b] ⟨c⟩ 「d」 ⦅e⦆", "‘a’ “b” «c» ‹d› ⸂ ⸃", "¡a! ¿b? … § ¶ · ‰ ※ ؟ ، ।", "\u166d \u2e43 \u2e52 \u0a76 \u1c7e \u2e5d",
    "± × ÷ ∑ √ ∞ ≠ ∂x", "$5 €5 ¥5 £5 ₹5 ₿", "© ® ™ ° ¬ ¦ ˆ ´ ¨ ¸", "ＦＵＬＬ　ｗｉｄｔｈ！？（ａ）＄", "½ ² ³ ¹ ª º", "http://a.b/c?d=e&f=g#h", "a.b,c;d:e", "can't won’t",
    # Long words: at, below and above the limit of 100 scalars, which are counted after normalising.
    "a" * 99, "a" * 100, "a" * 101, "é" * 100, "e\u0301" * 100, "e\u0301" * 101, "中" * 101, "a" * 100 + "-" + "b" * 101, "İ" * 50 + " " + "İ" * 51, "가" * 50 + " " + "가" * 51,
    # Special tokens in the text.
    "[CLS] the [SEP]", "the[MASK]cat", "[MASK][MASK] [mask] [Mask]", "[ MASK ] [MASK", "[[SEP]] [UNK] [PAD]", "[SEP]", "[\u200bSEP]", "[SEP\u0301]", "é[MASK]\u0301 中[SEP]国",
    "##s ## ##the", "the##s", "unknownword \u2603 xyzzy",
]

LIMITS = [4, 5, 6, 7, 8, 9, 10, 12, 15, 64]
LENGTHS = [0, 1, 2, 3, 4, 5, 8]


def every(flags):
    return [dict(zip(flags, values)) for values in itertools.product(*flags.values())]


SETTINGS = every({"lowercase": [True, False], "strip_accents": [None, True, False], "handle_chinese_chars": [True, False], "clean_text": [True]})
SETTINGS += every({"lowercase": [True, False], "strip_accents": [None], "handle_chinese_chars": [True], "clean_text": [False]})


def make_vocabulary():
    """The pieces, and every scalar that a setting can leave of a case, at the begin of a word and inside one."""
    forms = [normalizers.BertNormalizer(**setting).normalize_str(text) for setting in SETTINGS for text in CASES]
    scalars = sorted(set("".join(forms)) - set(" \t\n\r\u2603"))
    # A line of vocab.txt cannot hold white space, and what splits words never stands inside one.
    scalars = [scalar for scalar in scalars if not scalar.isspace()]
    tokens = SPECIAL + PIECES + scalars + ["##" + scalar for scalar in scalars if not "!" <= scalar <= "@"]
    return list(dict.fromkeys(tokens))


def make_tokenizer(vocabulary, setting, added=()):
    tokenizer = Tokenizer(models.WordPiece({token: id for id, token in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(**setting)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.add_special_tokens(SPECIAL)
    for token in added:
        tokenizer.add_tokens([token])
    return tokenizer


def joined(ids):
    return " ".join(map(str, ids))


def write(name, value):
    """One element of each list on a line, so that a change is readable."""
    def block(part, depth):
        if depth and isinstance(part, list):
            return "[\n" + ",\n".join(block(element, depth - 1) for element in part) + "\n]"
        return json.dumps(part)
    body = ",\n".join(f"{json.dumps(key)}: {block(part, 1)}" for key, part in value.items())
    (FOLDER / name).write_text("{\n" + body + "\n}\n")


def write_tokenizer(vocabulary):
    tokenizer = make_tokenizer(vocabulary, SETTINGS[0])
    # Sections that a reader must ignore: how long an example may be is not the tokenizer's to say.
    tokenizer.enable_truncation(7)
    tokenizer.enable_padding(length=9)
    write("tokenizer.json", json.loads(tokenizer.to_str()))
    text = (FOLDER / "tokenizer.json").read_text()
    start = text.index('"added_tokens": [')
    end = text.index("\n],", start) + 3
    (FOLDER / "tokenizer.json").write_text(text[:start] + text[start:end].replace("\n", "") + text[end:])
    (FOLDER / "vocab.txt").write_text("".join(token + "\n" for token in vocabulary), encoding="utf-8", newline="\n")


def check_folder(setting, expected):
    """The other way of loading, through vocab.txt and tokenizer_config.json, must give the same ids."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "vocab.txt").write_bytes((FOLDER / "vocab.txt").read_bytes())
        (folder / "tokenizer_config.json").write_text(json.dumps({
            "tokenizer_class": "BertTokenizer", "do_lower_case": setting["lowercase"],
            "strip_accents": setting["strip_accents"], "tokenize_chinese_chars": setting["handle_chinese_chars"]}))
        loaded = transformers.BertTokenizerFast.from_pretrained(str(folder))
        for text, ids in zip(CASES, expected):
            assert joined(loaded(text)["input_ids"]) == ids, (setting, text)


def write_cases(vocabulary):
    ids = []
    for setting in SETTINGS:
        tokenizer = make_tokenizer(vocabulary, setting)
        ids.append([joined(tokenizer.encode(text).ids) for text in CASES])
        if setting["clean_text"]:
            check_folder(setting, ids[-1])
    tokenizer = make_tokenizer(vocabulary, SETTINGS[0])
    pairs = []
    for limit in LIMITS:
        tokenizer.enable_truncation(limit)
        for first, second in itertools.product(LENGTHS, LENGTHS):
            found = tokenizer.encode(" ".join("cat" * (first > 0) for _ in range(first)), " ".join(["mat"] * second))
            pairs.append([first, second, limit, joined(found.ids), joined(found.type_ids)])
    singles = []
    for limit in LIMITS + [3]:
        tokenizer.enable_truncation(limit)
        for first in LENGTHS:
            singles.append([first, limit, joined(tokenizer.encode(" ".join(["cat"] * first)).ids)])
    write("cases.json", {"texts": CASES, "settings": SETTINGS, "ids": ids, "pairs": pairs, "singles": singles})


def write_added(vocabulary):
    added = [
        AddedToken("New York", normalized=False), AddedToken("<left>", lstrip=True, normalized=False),
        AddedToken("<right>", rstrip=True, normalized=False), AddedToken("<both>", lstrip=True, rstrip=True, normalized=False),
        AddedToken("word", single_word=True, normalized=False), AddedToken("<a>", normalized=False), AddedToken("<a><b>", normalized=False),
        AddedToken("Café", normalized=True), AddedToken("Löwe", single_word=True, normalized=True), AddedToken("cat", normalized=True),
        AddedToken("中", normalized=False), AddedToken("<special>", special=True, normalized=False),
    ]
    tokenizer = make_tokenizer(vocabulary, SETTINGS[0], added)
    texts = [
        "New York new york NewYork New York.", "the  <left>  cat", "the  <right>  cat", "the \t<both>\u3000\u00a0 cat", "<both> <both>  <left> <left>", "word words sword word.",
        "wordword word-word 1word _word éword e\u0301word", "<a><b> <a> <b> <a><a><b>", "CAFÉ cafe CafÉs cafe\u0301", "löwe LÖWE löwen Löwe, lowe", "concat cats CAT c\u200bat",
        "中国 x中y", "[SEP]<special>[MASK]", "<SPECIAL> <Special>", "wo\u200brd word\u200b word", "the word  <left>word <right> word", "<left>", "   <both>   ", "<right><left> <left>",
    ]
    pool = ["New York", "<left>", "<right>", "<both>", "word", "<a>", "<a><b>", "Café", "Löwe", "cat", "中", " ", "  ", "\u3000", "s", "é", "-", "_", "[SEP]", "the"]
    source = random.Random(7)
    texts += ["".join(source.choices(pool, k=source.randint(3, 9))) for _ in range(60)]
    section = json.loads(tokenizer.to_str())["added_tokens"]
    write("added.json", {
        "section": json.dumps(section), "count": tokenizer.get_vocab_size(), "texts": texts,
        "ids": [joined(tokenizer.encode(text).ids) for text in texts]})


def fingerprint(text):
    """FNV-1a in 64 bits."""
    state = 0xCBF29CE484222325
    for byte in text.encode():
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{state:016x}"


def write_scalars():
    off = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    steps = {name: normalizers.BertNormalizer(**{**off, name: True}) for name in off}
    splitter = pre_tokenizers.BertPreTokenizer()
    result = {name: [] for name in [*steps, "words"]}
    for start in range(0, 0x110000, 0x1000):
        # An x on both sides keeps marks of neighbours apart.
        text = "x" + "".join(chr(code) + "x" for code in range(start, start + 0x1000) if not 0xD800 <= code < 0xE000)
        for name, step in steps.items():
            result[name].append(fingerprint(step.normalize_str(text)))
        result["words"].append(fingerprint("\n".join(word for word, _ in splitter.pre_tokenize_str(text))))
    write("scalars.json", result)


def main():
    vocabulary = make_vocabulary()
    write_tokenizer(vocabulary)
    write_cases(vocabulary)
    write_added(vocabulary)
    write_scalars()
    (FOLDER / "VERSIONS").write_text(
        f"python {platform.python_version()}\ntokenizers {tokenizers.__version__}\ntransformers {transformers.__version__}\n")


if __name__ == "__main__":
    main()
