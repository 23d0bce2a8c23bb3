"""BERT and its kin in plain PyTorch, with places where an adapter method may act: the reference of every method.

Post-norm layer, input x [B, n, d]:

    q, k, v = linear(x)      a = attention(q, k, v)      o = linear(a)      h1 = LN1(o + x)
    z = linear(h1)           u = act(z)                  y = linear(u)      h2 = LN2(y + h1)

The families are those of the program; their tensors get BERT's names when they are read. There is no dropout. A padding
token within a text is not told from others. `check` compares it with transformers' model;
`python3 Tests/Reference/bert.py FOLDER …` checks folders.
"""

import json
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

# Hadamesh's names of a layer's tensors, and the backbone files'.
maps = {
    "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
    "projection": "attention.output.dense", "intermediate": "intermediate.dense", "output": "output.dense",
    "attention.norm": "attention.output.LayerNorm", "output.norm": "output.LayerNorm",
}
tables = {
    "embeddings.words": "embeddings.word_embeddings.weight",
    "embeddings.positions": "embeddings.position_embeddings.weight",
    "embeddings.segments": "embeddings.token_type_embeddings.weight",
    "embeddings.distances": "encoder.relative_attention_bias.weight",
}

# By `model_type`: the text before all names, where it isn't `model_type`, and names that differ from BERT's.
prefixes = {"xlm-roberta": "roberta", "camembert": "roberta"}
renamed = {
    "distilbert": {
        "transformer.layer.": "encoder.layer.", "attention.q_lin.": "attention.self.query.",
        "attention.k_lin.": "attention.self.key.", "attention.v_lin.": "attention.self.value.",
        "attention.out_lin.": "attention.output.dense.", "sa_layer_norm.": "attention.output.LayerNorm.",
        "ffn.lin1.": "intermediate.dense.", "ffn.lin2.": "output.dense.", "output_layer_norm.": "output.LayerNorm.",
    },
    "mpnet": {
        "attention.attn.q.": "attention.self.query.", "attention.attn.k.": "attention.self.key.",
        "attention.attn.v.": "attention.self.value.", "attention.attn.o.": "attention.output.dense.",
        "attention.LayerNorm.": "attention.output.LayerNorm.",
    },
}
activations = {
    "gelu": F.gelu, "gelu_new": lambda z: F.gelu(z, approximate="tanh"), "relu": F.relu, "silu": F.silu, "swish": F.silu,
    "gelu_pytorch_tanh": lambda z: F.gelu(z, approximate="tanh"),
}


def backbone_name(name):
    """The name in a backbone's file of one of Hadamesh's names, such as `layer.3.output.norm.bias`."""
    if name in tables:
        return tables[name]
    stem, part = name.rsplit(".", 1)
    if stem == "embeddings.norm":
        return f"embeddings.LayerNorm.{part}"
    if stem in ("pooler", "embeddings.projection"):
        return {"pooler": "pooler.dense", "embeddings.projection": "embeddings_project"}[stem] + f".{part}"
    _, layer, site = stem.split(".", 2)
    return f"encoder.layer.{layer}.{maps[site]}.{part}"


class Method:
    """A method that changes nothing; methods override the functions of the values that they change.

    `parameters` maps Hadamesh's names to tensors. `state` holds the layer's values so far (x, q, k, v, a, o, h1, z, u,
    y), its number `layer`, the number of attention `heads`, and `mask` [B, n], 1 for tokens and 0 for padding.
    """

    def __init__(self, settings, bert):
        self.settings, self.bert, self.parameters = settings, bert, {}
        self.layers = layers_of(settings.get("layers", "all"), bert.layers)

    def train(self, *names):
        """Trains copies of tensors of the backbone."""
        for name in names:
            self.parameters[name] = self.bert.tensors[backbone_name(name)].clone()

    def tensor(self, name):
        """The replacement of a tensor of the backbone, by Hadamesh's name; None for the frozen one."""
        return self.parameters.get(name)

    def linear(self, site, state, x, weight, bias):
        trained = any(weight is own for own in self.parameters.values())
        return F.linear(x, weight, bias) if trained else self.bert.product(x, weight, bias)

    def prefix(self, state):
        """Keys and values [p, d] before every sequence's own, or None."""

    def heads(self, state, a):
        return a

    def attention(self, state, o):
        return o

    def attention_output(self, state, h1):
        return h1

    def activation(self, state, u):
        return u

    def feed_forward(self, state, y):
        return y

    def beside_feed_forward(self, state, y):
        """The last change of y, for methods that read h1, not y."""
        return y


def layers_of(text, count):
    """The numbers of the layers `all`, `4-11` or `0,2,5`."""
    if str(text) == "all":
        return list(range(count))
    ranges = [[int(end) for end in part.split("-")] for part in str(text).split(",")]
    return [layer for ends in ranges for layer in range(ends[0], ends[-1] + 1)]


def rounded(tensor):
    """The nearest bfloat16 numbers, ties to even, in the tensor's own type."""
    return tensor.bfloat16().to(tensor.dtype)


class RoundedLinear(torch.autograd.Function):
    """y = x Wᵀ + b of a frozen map, with the operands of forward and backward rounded to bfloat16."""

    @staticmethod
    def forward(context, x, weight, bias):
        context.save_for_backward(weight)
        return F.linear(rounded(x), rounded(weight), bias)

    @staticmethod
    def backward(context, dy):
        (weight,) = context.saved_tensors
        # A trained bias stays out of the product.
        bias = dy.flatten(0, -2).sum(0) if context.needs_input_grad[2] else None
        return rounded(dy) @ rounded(weight), None, bias


class Bert:
    def __init__(self, folder, dtype=torch.float64, fused=False, arithmetic="float32"):
        self.dtype = dtype
        self.product = RoundedLinear.apply if arithmetic == "bfloat16" else F.linear
        config = json.loads((Path(folder) / "config.json").read_text())
        family = config["model_type"]
        keys = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act")
        if family == "distilbert":
            keys = ("dim", "n_layers", "n_heads", "hidden_dim", "activation")
        self.width, self.layers, self.heads, self.intermediate = (config[key] for key in keys[:4])
        self.activation = activations[config.get(keys[4], "gelu")]
        self.epsilon = config.get("layer_norm_eps", 1e-12)
        # The row of the position table that a sequence begins with.
        self.first = 2 if family == "mpnet" else 0
        if family in ("roberta", "xlm-roberta", "camembert"):
            self.first = config.get("pad_token_id", 1) + 1
        tensors = load_file(Path(folder) / "model.safetensors")
        self.attention = fused_attention if fused else attention
        self.tensors = {}
        for name, tensor in tensors.items():
            name = name.removeprefix(f"{prefixes.get(family, family)}.")
            for own, other in renamed.get(family, {}).items():
                name = name.replace(own, other, 1)
            self.tensors[name] = tensor.to(dtype)

    def has(self, name):
        """Whether the backbone has a tensor, by Hadamesh's name."""
        return backbone_name(name) in self.tensors

    def norm(self, layer, name, x):
        """A frozen LayerNorm of a layer, by Hadamesh's name."""
        weight, bias = (self.tensors[backbone_name(f"layer.{layer}.{name}.{part}")] for part in ("weight", "bias"))
        return F.layer_norm(x, (self.width,), weight, bias, self.epsilon)

    def hidden(self, ids, segments, mask, method=None):
        """The last hidden states [B, n, d] of padded ids, segments and mask [B, n]."""
        method = method or Method({}, self)

        def tensor(name):
            own = method.tensor(name)
            return self.tensors[backbone_name(name)] if own is None else own

        def norm(name, x):
            return F.layer_norm(x, x.shape[-1:], tensor(f"{name}.weight"), tensor(f"{name}.bias"), self.epsilon)

        length = ids.shape[1]
        x = tensor("embeddings.words")[ids]
        if self.has("embeddings.segments"):
            x = x + tensor("embeddings.segments")[segments]
        x = norm("embeddings.norm", x + tensor("embeddings.positions")[self.first : self.first + length])
        if self.has("embeddings.projection.weight"):
            x = F.linear(x, tensor("embeddings.projection.weight"), tensor("embeddings.projection.bias"))
        bias = None
        if self.has("embeddings.distances"):
            bias = tensor("embeddings.distances")[buckets(length)].permute(2, 0, 1)
        for layer in range(self.layers):
            s = SimpleNamespace(layer=layer, heads=self.heads, mask=mask, x=x)

            def linear(site, x):
                name = f"layer.{layer}.{site}"
                return method.linear(site, s, x, tensor(f"{name}.weight"), tensor(f"{name}.bias"))

            s.q, s.k, s.v = linear("query", x), linear("key", x), linear("value", x)
            s.a = method.heads(s, self.attention(s.q, s.k, s.v, mask, self.heads, method.prefix(s), bias))
            s.o = method.attention(s, linear("projection", s.a))
            s.h1 = method.attention_output(s, norm(f"layer.{layer}.attention.norm", s.o + x))
            s.z = linear("intermediate", s.h1)
            s.u = method.activation(s, self.activation(s.z))
            s.y = method.beside_feed_forward(s, method.feed_forward(s, linear("output", s.u)))
            x = norm(f"layer.{layer}.output.norm", s.y + s.h1)
        return x

    def pooled(self, hidden, method=None):
        """tanh(W h + b) [B, d] of the first tokens."""
        tensors = [method and method.tensor(f"pooler.{part}") for part in ("weight", "bias")]
        frozen = [self.tensors[f"pooler.dense.{part}"] for part in ("weight", "bias")]
        weight, bias = [own if own is not None else other for own, other in zip(tensors, frozen)]
        return torch.tanh(F.linear(hidden[:, 0], weight, bias))


def buckets(length):
    """The buckets [n, n] of the distances from token i to token j: half of 32 for later tokens."""
    distances = torch.arange(length)[None] - torch.arange(length)[:, None]
    far = distances.abs()
    wide = 8 + (torch.log(far.clamp(min=8).double() / 8) / math.log(128 / 8) * 8 + 1e-9).long()
    return 16 * (distances > 0) + torch.where(far < 8, far, wide.clamp(max=15))


def attention(q, k, v, mask, heads, prefix=None, bias=None):
    """Concatenated heads [B, n, width of v] of q, k, v; padding is masked, a prefix [p, …] is not.

    A bias [heads, n, n] is added to the scores of the sequence's own keys.
    """
    q, k, v, mask = split(q, k, v, mask, heads, prefix)
    scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])
    if bias is not None:
        scores = scores + F.pad(bias, (scores.shape[-1] - bias.shape[-1], 0))
    scores = scores.masked_fill(mask == 0, -math.inf)
    return (torch.softmax(scores, -1) @ v).transpose(1, 2).flatten(2)


def fused_attention(q, k, v, mask, heads, prefix=None, bias=None):
    """Attention by PyTorch's fused kernel, which is faster."""
    q, k, v, mask = split(q, k, v, mask, heads, prefix)
    mask = mask.bool()
    if bias is not None:
        mask = F.pad(bias, (k.shape[2] - bias.shape[-1], 0)).masked_fill(~mask, -math.inf)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)


def split(q, k, v, mask, heads, prefix):
    """q, k, v as [B, heads, n, width of a head], with the prefix before k and v; the mask as [B, 1, 1, n]."""
    if prefix is not None:
        k, v = (torch.cat([rows.expand(len(mask), -1, -1), own], 1) for rows, own in zip(prefix, (k, v)))
        mask = torch.cat([mask.new_ones(len(mask), prefix[0].shape[0]), mask], 1)
    return *(tensor.unflatten(-1, (heads, -1)).transpose(1, 2) for tensor in (q, k, v)), mask[:, None, None]


def check(folder):
    """Fails if the frozen encoder differs from transformers' model."""
    from transformers import AutoModel

    bert = Bert(folder)
    reference = AutoModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).double().eval()
    random = torch.Generator().manual_seed(1)
    ids = torch.randint(5, 50, (3, 7), generator=random)
    mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3, [1] * 6 + [0]])
    segments = torch.zeros_like(mask)
    table = bert.tensors.get(tables["embeddings.segments"])
    if table is not None and len(table) > 1:
        segments = (torch.arange(7) > 3).long().expand(3, -1) * mask
    with torch.no_grad():
        inputs = {} if table is None else {"token_type_ids": segments}
        expected = reference(input_ids=ids, attention_mask=mask, **inputs)
        found = bert.hidden(ids, segments, mask)
        fused = Bert(folder, fused=True).hidden(ids, segments, mask)
        # The file has float32 weights, and both compute in float64.
        for hidden in (found, fused):
            assert float(((hidden - expected.last_hidden_state) * mask[..., None]).abs().max()) < 1e-12
        if bert.has("pooler.weight"):
            assert float((bert.pooled(found) - expected.pooler_output).abs().max()) < 1e-12


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        check(folder)
        print(f"{folder}: agrees with transformers")
