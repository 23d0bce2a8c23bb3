"""A frozen BERT with Hadamard adapters and a linear head, in PyTorch: what the Swift program is compared with.

A' = weight ⊙ A + bias, where A is the input (site `heads`) or the output (site `projection`) of the attention's
output projection. Parameters are named as Hadamesh names them: `layer.0.hadamard.weight`, `layer.0.attention.norm.bias`,
`layer.0.output.norm.weight`, `head.weight` [classes, d], `head.bias`. There is no dropout.
"""

import torch
import torch.nn.functional as F
from transformers import BertModel

norm_modules = {"attention": "attention.output.LayerNorm", "output": "output.LayerNorm"}
norms_of = {"none": [], "attention": ["attention"], "output": ["output"], "both": ["attention", "output"]}


def layers_of(text, count):
    """The layer numbers that `all`, `4-11` or `0,2,5` stands for."""
    if str(text) == "all":
        return list(range(count))
    ranges = [[int(end) for end in part.split("-")] for part in str(text).split(",")]
    return [layer for ends in ranges for layer in range(ends[0], ends[-1] + 1)]


class HadamardClassifier(torch.nn.Module):
    def __init__(self, backbone, classes, site="heads", norm="attention", layers="all", pooling="mean"):
        super().__init__()
        self.encoder = BertModel.from_pretrained(backbone, attn_implementation="sdpa", dtype=torch.float32)
        self.encoder.requires_grad_(False).eval()
        self.pooling = pooling
        width = self.encoder.config.hidden_size
        self.head = torch.nn.Linear(width, classes)
        self.adapters = torch.nn.ParameterDict()
        self.trained = {"head.weight": self.head.weight, "head.bias": self.head.bias}
        for layer in layers_of(layers, self.encoder.config.num_hidden_layers):
            weight = self.adapters[f"weight{layer}"] = torch.nn.Parameter(torch.ones(width))
            bias = self.adapters[f"bias{layer}"] = torch.nn.Parameter(torch.zeros(width))
            self.trained |= {f"layer.{layer}.hadamard.weight": weight, f"layer.{layer}.hadamard.bias": bias}
            module = self.encoder.encoder.layer[layer]
            self._attach(module.attention.output.dense, site, f"weight{layer}", f"bias{layer}")
            for norm_name in norms_of[norm]:
                parameters = module.get_submodule(norm_modules[norm_name]).requires_grad_(True)
                self.trained[f"layer.{layer}.{norm_name}.norm.weight"] = parameters.weight
                self.trained[f"layer.{layer}.{norm_name}.norm.bias"] = parameters.bias

    def _attach(self, dense, site, weight, bias):
        def adapt(states):
            return torch.addcmul(self.adapters[bias], self.adapters[weight], states)

        if site == "heads":
            dense.register_forward_pre_hook(lambda _, inputs: (adapt(inputs[0]),))
        elif site == "projection":
            dense.register_forward_hook(lambda _, __, output: adapt(output))
        else:
            raise SystemExit(f"adapter site '{site}' is neither heads nor projection")

    def forward(self, input_ids, token_type_ids, attention_mask):
        output = self.encoder(input_ids=input_ids, token_type_ids=token_type_ids, attention_mask=attention_mask)
        hidden = output.last_hidden_state
        if self.pooling == "cls":
            pooled = hidden[:, 0]
        elif self.pooling == "pooler":
            pooled = output.pooler_output
        else:
            mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
            pooled = (hidden * mask).sum(1) / mask.sum(1)
        return self.head(pooled)


def encode(tokenizer, sentences, maximum, padding=True):
    """One batch of tensors; each example is a list of one or two sentences."""
    columns = [list(column) for column in zip(*sentences)]
    return tokenizer(
        *columns, truncation="longest_first", max_length=maximum, padding=padding, return_tensors="pt",
        return_token_type_ids=True, return_attention_mask=True,
    )


def losses_of(logits, labels):
    """Each example's loss: cross-entropy, or the squared error where labels are floats."""
    if isinstance(labels[0], float):
        return (logits[:, 0] - torch.tensor(labels, dtype=logits.dtype)) ** 2
    return F.cross_entropy(logits, torch.tensor(labels), reduction="none")
