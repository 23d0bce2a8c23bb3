"""A tiny random BERT as a Hugging Face folder, its other storage forms, and what it must compute.

Needs `pip install torch transformers safetensors`; run `python3 Tests/Golden/encoders/generate.py`.
The weights are float32; every expected value is computed from them in float64 and stored as float32, so a test's
tolerance measures the error of the code under test alone. No dropout, no padding: each sequence is run by itself.

tiny-bert/                     config, model.safetensors (with pooler), vocab.txt, tokenizer_config.json
tiny-bert-variants/sharded/    two shards and an index; `bert.` before each name, gamma and beta, no pooler, and two
                               tensors that an encoder doesn't need (`cls.predictions.bias`, I64 `position_ids`)
tiny-bert-variants/{f16,bf16}/ the same weights rounded
tiny-bert-forward.safetensors  (T tokens of B sequences packed without padding, d = 24, layers N = 0, 1, 2)
    ids, segments [T], offsets [B+1]          the batch, I64
    hidden.embeddings, hidden.N [T, d]        after the embeddings' LayerNorm; after layer N
    pooled.pooler, pooled.cls, pooled.mean [B, d]
    upstream [T, d]                           the gradient given at hidden.2
    gradient.embeddings, gradient.layer.N [T, d]   at the embeddings' output; at the input of layer N
    gradient.layer.N.{attention,output}.norm.{weight,bias} [d], gradient.embeddings.norm.{weight,bias} [d]
    {f16,bf16}.hidden.2 [T, d]                the last layer with the rounded weights
"""

import json
import platform
from pathlib import Path

import safetensors
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

here = Path(__file__).parent
tiny = here / "tiny-bert"
variants = here / "tiny-bert-variants"
torch.set_num_threads(1)
random = torch.Generator().manual_seed(20240711)

words = """[PAD] [UNK] [CLS] [SEP] [MASK] a the red green blue cat dog bird fish runs sings sleeps eats quickly slowly
and or not is was ##s ##ed ##ing ##ly ##er un ##happy happy play ##ful time house tree river stone cloud light
night day over under with from to in . , ! ? ' of - 1 2 ##2""".split()
segments_of = [[5, 0], [4, 5], [3, 0], [7, 5]]  # tokens of the first and second sentence, special tokens included


def normal(*shape, std=1.0):
    return torch.randn(*shape, generator=random) * std


def write_tiny_bert():
    config = BertConfig(
        vocab_size=60, hidden_size=24, num_hidden_layers=3, num_attention_heads=3, intermediate_size=40,
        max_position_embeddings=32, type_vocab_size=2, hidden_act="gelu", layer_norm_eps=1e-12,
    )
    model = BertModel(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("LayerNorm.weight"):
                parameter.copy_(1 + normal(*parameter.shape, std=0.2))
            elif name.endswith("bias"):
                parameter.copy_(normal(*parameter.shape, std=0.1))
            else:
                parameter.copy_(normal(*parameter.shape, std=0.2))
    model.save_pretrained(tiny)
    assert len(words) == 60
    (tiny / "vocab.txt").write_text("\n".join(words) + "\n")
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 32}
    (tiny / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")


def write_variants():
    tensors = load_file(tiny / "model.safetensors")
    config = (tiny / "config.json").read_text()
    for name, kind in (("f16", torch.float16), ("bf16", torch.bfloat16)):
        folder = variants / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(config.replace('"float32"', f'"{str(kind).removeprefix("torch.")}"'))
        save_file({key: value.to(kind) for key, value in tensors.items()}, folder / "model.safetensors")

    folder = variants / "sharded"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(config)
    renamed = {
        "bert." + key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
        for key, value in tensors.items() if not key.startswith("pooler.")
    }
    renamed["bert.embeddings.position_ids"] = torch.arange(32).unsqueeze(0)
    renamed["cls.predictions.bias"] = normal(60)
    shards = [{}, {}]
    for key, value in renamed.items():
        late = key.startswith("cls.") or ".layer.2." in key or ".layer.1.output" in key
        shards[late][key] = value
    index = {"metadata": {"total_size": sum(t.nbytes for t in renamed.values())}, "weight_map": {}}
    for number, shard in enumerate(shards, start=1):
        file = f"model-{number:05}-of-00002.safetensors"
        save_file(shard, folder / file, metadata={"format": "pt"})
        index["weight_map"].update({key: file for key in shard})
    index["weight_map"] = dict(sorted(index["weight_map"].items()))
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def packed_batch():
    ids, segments, offsets = [], [], [0]
    for first, second in segments_of:
        row = torch.randint(5, 60, (first + second,), generator=random).tolist()
        row[0], row[first - 1], row[-1] = 2, 3, 3  # [CLS] first [SEP] second [SEP]
        ids += row
        segments += [0] * first + [1] * second
        offsets.append(len(ids))
    return {key: torch.tensor(value) for key, value in (("ids", ids), ("segments", segments), ("offsets", offsets))}


def run(model, batch):
    """The states [T, d] after the embeddings and after each layer, kept in the graph sequence by sequence."""
    pieces = []
    for start, end in zip(batch["offsets"][:-1], batch["offsets"][1:]):
        states = []
        hooks = [
            module.register_forward_hook(lambda _, __, output: states.append(output))
            for module in [model.embeddings, *model.encoder.layer]
        ]
        output = model(input_ids=batch["ids"][None, start:end], token_type_ids=batch["segments"][None, start:end])
        for hook in hooks:
            hook.remove()
        for state in states:
            state.retain_grad()
        pieces.append((states, None if model.pooler is None else output.pooler_output))
    return pieces


def load(folder):
    model = BertModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    return model.double().eval()


def pack(pieces, state, value=lambda tensor: tensor.detach()):
    return torch.cat([value(states[state])[0] for states, _ in pieces])


def write_forward():
    batch = packed_batch()
    total, hidden = int(batch["offsets"][-1]), 24
    upstream = normal(total, hidden)
    model = load(tiny)
    pieces = run(model, batch)
    last = torch.cat([states[-1][0] for states, _ in pieces])
    (last * upstream.double()).sum().backward()

    expected = {"upstream": upstream, "hidden.embeddings": pack(pieces, 0)}
    for layer in range(3):
        expected[f"hidden.{layer}"] = pack(pieces, layer + 1)
        expected[f"gradient.layer.{layer}"] = pack(pieces, layer, lambda tensor: tensor.grad)
        module = model.encoder.layer[layer]
        for site, norm in (("attention", module.attention.output.LayerNorm), ("output", module.output.LayerNorm)):
            expected[f"gradient.layer.{layer}.{site}.norm.weight"] = norm.weight.grad
            expected[f"gradient.layer.{layer}.{site}.norm.bias"] = norm.bias.grad
    expected["gradient.embeddings"] = expected["gradient.layer.0"].clone()
    expected["gradient.embeddings.norm.weight"] = model.embeddings.LayerNorm.weight.grad
    expected["gradient.embeddings.norm.bias"] = model.embeddings.LayerNorm.bias.grad
    expected["pooled.pooler"] = torch.cat([pooler.detach() for _, pooler in pieces])
    expected["pooled.cls"] = torch.cat([states[-1].detach()[:, 0] for states, _ in pieces])
    expected["pooled.mean"] = torch.cat([states[-1].detach().mean(1) for states, _ in pieces])
    for name in ("f16", "bf16"):
        expected[f"{name}.hidden.2"] = pack(run(load(variants / name), batch), 3)
    sharded = pack(run(load(variants / "sharded"), batch), 3)
    assert torch.equal(sharded, expected["hidden.2"]), "the sharded variant computes something else"
    stored = {key: value.float().contiguous() for key, value in expected.items()} | batch
    save_file(stored, here / "tiny-bert-forward.safetensors")


write_tiny_bert()
write_variants()
write_forward()
(here / "VERSIONS").write_text(
    f"python {platform.python_version()}\ntorch {torch.__version__}\n"
    f"transformers {transformers.__version__}\nsafetensors {safetensors.__version__}\n"
)
