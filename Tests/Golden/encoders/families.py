"""A tiny random encoder of every other family than BERT, as Hugging Face folders, and what each must compute.

Needs `pip install torch transformers safetensors`; run `python3 Tests/Golden/encoders/families.py`.
The shapes are those of tiny-bert, so the cases of Tests/Golden/methods fit; ELECTRA's embeddings are narrower. The
weights are float32; every expected value is computed from them in float64 and stored as float32. No dropout, no
padding: each sequence is run by itself.

tiny-FAMILY/                    config, model.safetensors, and the tokenizer of tiny-bert: a template without segments
                                where the family has none
tiny-FAMILY-forward.safetensors (T tokens of B sequences packed without padding, d = 24, layers N = 0, 1, 2)
    ids, segments [T], offsets [B+1]          the batch, I64
    hidden.embeddings, hidden.N [T, d]        the input of layer 0; after layer N
    pooled.cls [B, d], pooled.pooler [B, d]   the latter where there is a pooler
    upstream [T, d]                           the gradient given at hidden.2; its first B rows at pooled.pooler too
    gradient.NAME                             of every tensor, by its name in the file
    padded.ids [n], padded.hidden [n, d]      a sequence with the id of padding in it, the last layer
activations.safetensors
    ACTIVATION.hidden [T, d]                  tiny-bert's batch and last layer with `hidden_act` ACTIVATION
    ACTIVATION.gradient [T, d]                at the embeddings' output, of tiny-bert's upstream
distances.safetensors: buckets [1025] of MPNet for the distances -512 … 512, I64
"""

import json
import platform
from pathlib import Path

import safetensors
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModel

here = Path(__file__).parent
torch.set_num_threads(1)
random = torch.Generator().manual_seed(20251129)

shape = {"vocab_size": 60, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 40,
         "hidden_size": 24, "max_position_embeddings": 32}
configurations = {
    "roberta": transformers.RobertaConfig(
        **shape | {"max_position_embeddings": 34}, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1,
        bos_token_id=2, eos_token_id=3),
    "electra": transformers.ElectraConfig(**shape, embedding_size=16, type_vocab_size=2),
    "distilbert": transformers.DistilBertConfig(
        vocab_size=60, n_layers=3, n_heads=3, hidden_dim=40, dim=24, max_position_embeddings=32),
    "mpnet": transformers.MPNetConfig(
        **shape | {"max_position_embeddings": 34}, layer_norm_eps=1e-5, bos_token_id=2, eos_token_id=3),
}
segments_of = [[5, 0], [4, 5], [3, 0], [7, 5]]  # tokens of the first and second sentence, special tokens included


def normal(*shape, std=1.0):
    return torch.randn(*shape, generator=random) * std


def write_model(family, configuration):
    model = AutoModel.from_config(configuration)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name.lower() and name.endswith("weight"):
                parameter.copy_(1 + normal(*parameter.shape, std=0.2))
            else:
                parameter.copy_(normal(*parameter.shape, std=0.1 if name.endswith("bias") else 0.2))
        if family == "mpnet":
            model.encoder.relative_attention_bias.weight.copy_(normal(32, 3))
    folder = here / f"tiny-{family}"
    model.save_pretrained(folder)
    for name in ("vocab.txt", "tokenizer_config.json"):
        (folder / name).write_text((here / "tiny-bert" / name).read_text())
    if family in ("roberta", "mpnet"):
        write_tokenizer(folder)


def write_tokenizer(folder):
    """WordPiece with pairs as RoBERTa and MPNet have them, all in one segment.

    No class of transformers has both, so tokenizer_config.json names the one that reads any tokenizer.json.
    """
    special = {f"{role}_token": f"[{role.upper()}]" for role in ("unk", "cls", "sep", "pad", "mask")}
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 32} | special, indent=2) + "\n")
    words = (folder / "vocab.txt").read_text().split()
    (folder / "vocab.txt").unlink()
    cls, sep = ({"SpecialToken": {"id": token, "type_id": 0}} for token in ("[CLS]", "[SEP]"))
    first, second = ({"Sequence": {"id": part, "type_id": 0}} for part in "AB")
    special = {token: {"id": token, "ids": [words.index(token)], "tokens": [token]} for token in ("[CLS]", "[SEP]")}
    added = [
        {"id": number, "content": words[number], "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True} for number in range(5)
    ]
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                       "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing", "single": [cls, first, sep],
                           "pair": [cls, first, sep, sep, second, sep], "special_tokens": special},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": {word: number for number, word in enumerate(words)}},
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, indent=1) + "\n")


def packed_batch(has_segments):
    ids, segments, offsets = [], [], [0]
    for first, second in segments_of:
        row = torch.randint(5, 60, (first + second,), generator=random).tolist()
        row[0], row[first - 1], row[-1] = 2, 3, 3  # [CLS] first [SEP] second [SEP]
        ids += row
        segments += [0] * first + [1 if has_segments else 0] * second
        offsets.append(len(ids))
    return {key: torch.tensor(value) for key, value in (("ids", ids), ("segments", segments), ("offsets", offsets))}


def load(folder, **changes):
    model = AutoModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32, **changes)
    return model.double().eval()


def run(model, ids, segments):
    """The states [1, n, d] before layer 0 and after each layer, and the pooler's output [1, d] or None."""
    layers = (model.transformer if hasattr(model, "transformer") else model.encoder).layer
    states = []
    hooks = [layers[0].register_forward_pre_hook(
        lambda _, inputs, named: states.append(inputs[0] if inputs else named["hidden_states"]), with_kwargs=True)]
    hooks += [
        layer.register_forward_hook(
            lambda _, __, output: states.append(output[0] if isinstance(output, tuple) else output))
        for layer in layers
    ]
    inputs = {"input_ids": ids[None], "attention_mask": torch.ones_like(ids[None])}
    if hasattr(model.embeddings, "token_type_embeddings"):
        inputs["token_type_ids"] = segments[None]
    output = model(**inputs)
    for hook in hooks:
        hook.remove()
    return states, getattr(output, "pooler_output", None)


def write_forward(family):
    model = load(here / f"tiny-{family}")
    has_segments = family in ("electra",)
    batch = packed_batch(has_segments)
    offsets = batch["offsets"].tolist()
    upstream = normal(offsets[-1], 24)
    pieces = [run(model, batch["ids"][a:b], batch["segments"][a:b]) for a, b in zip(offsets, offsets[1:])]
    states = [torch.cat([states[index][0] for states, _ in pieces]) for index in range(4)]
    loss = (states[3] * upstream.double()).sum()
    expected = {"upstream": upstream, "hidden.embeddings": states[0]}
    expected |= {f"hidden.{layer}": states[layer + 1] for layer in range(3)}
    expected["pooled.cls"] = torch.stack([states[-1][0, 0] for states, _ in pieces])
    if pieces[0][1] is not None:
        expected["pooled.pooler"] = torch.cat([pooler for _, pooler in pieces])
        loss = loss + (expected["pooled.pooler"] * upstream[: len(pieces)].double()).sum()
    loss.backward()
    expected |= {f"gradient.{name}": parameter.grad for name, parameter in model.named_parameters()}
    padding = {"roberta": 1, "mpnet": 1}.get(family, 0)
    padded = torch.tensor([2, 17, padding, 23, 8, padding, 41, 3])
    expected["padded.hidden"] = run(model, padded, torch.zeros_like(padded))[0][-1][0]
    stored = {key: value.detach().float().contiguous() for key, value in expected.items()}
    save_file(stored | batch | {"padded.ids": padded}, here / f"tiny-{family}-forward.safetensors")


def write_activations():
    batch = load_file(here / "tiny-bert-forward.safetensors")
    offsets = batch["offsets"].tolist()
    stored = {}
    for name in ("gelu", "gelu_python", "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "relu", "silu", "swish"):
        model = load(here / "tiny-bert", hidden_act=name)
        pieces = [run(model, batch["ids"][a:b], batch["segments"][a:b])[0] for a, b in zip(offsets, offsets[1:])]
        for states in pieces:
            states[0].retain_grad()
        last = torch.cat([states[-1][0] for states in pieces])
        (last * batch["upstream"].double()).sum().backward()
        stored[f"{name}.hidden"] = last
        stored[f"{name}.gradient"] = torch.cat([states[0].grad[0] for states in pieces])
    stored = {key: value.detach().float().contiguous() for key, value in stored.items()}
    save_file(stored, here / "activations.safetensors")


def write_distances():
    from transformers.models.mpnet.modeling_mpnet import MPNetEncoder

    buckets = MPNetEncoder.relative_position_bucket(torch.arange(-512, 513))
    save_file({"buckets": buckets}, here / "distances.safetensors")


for family, configuration in configurations.items():
    write_model(family, configuration)
    write_forward(family)
write_activations()
write_distances()
(here / "VERSIONS-families").write_text(
    f"python {platform.python_version()}\ntorch {torch.__version__}\n"
    f"transformers {transformers.__version__}\nsafetensors {safetensors.__version__}\n"
)
