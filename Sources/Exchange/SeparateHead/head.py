"""This folder's encoder with its trained head, by transformers alone.

    from head import load

    model = load("DIR")
    model(["a text", "another"])            # each label's probability; model([("a", "b")]) if the task has pairs
    model.logits(["a text", "another"])     # a tensor with one row per text
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer


class Model(torch.nn.Module):
    """The first token's last hidden state, or the mean over all tokens, special ones included, and the head's maps."""

    def __init__(self, encoder, tokenizer, head, settings):
        super().__init__()
        self.encoder, self.tokenizer, self.head, self.settings = encoder, tokenizer, head, settings

    def forward(self, texts, batch_size=32):
        """A dictionary per text or pair: each label's probability, or a regression's value as `score`."""
        logits = self.logits(texts, batch_size)
        if "range" in self.settings:
            return [{"score": value} for value in logits[:, 0].clamp(*self.settings["range"]).tolist()]
        return [dict(zip(self.settings["labels"], row)) for row in logits.softmax(-1).tolist()]

    @torch.inference_mode()
    def logits(self, texts, batch_size=32):
        """A row per text or pair: a value per label in the order of `settings["labels"]`, or the regression's."""
        expected = '[("first", "second"), ...]' if self.settings["pairs"] else '["a text", ...]'
        texts = [texts] if isinstance(texts, (str, dict)) else list(texts)
        for text in texts:
            if not (_is_pair(text) if self.settings["pairs"] else isinstance(text, str)):
                raise ValueError(f"the task {self.settings['task']} expects {expected}, found {text!r}")
        batches = [texts[start : start + batch_size] for start in range(0, len(texts), batch_size)]
        last = self.head[-1]
        return torch.cat([last.bias.new_empty(0, last.out_features), *map(self._logits, batches)])

    def _logits(self, texts):
        columns = map(list, zip(*texts)) if self.settings["pairs"] else [texts]
        inputs = self.tokenizer(
            *columns, truncation="longest_first", max_length=self.settings["maximumTokens"], padding=True,
            return_tensors="pt").to(self.head[-1].weight.device)
        hidden = self.encoder(**inputs).last_hidden_state
        if self.settings["pooling"] == "cls":
            return self.head(hidden[:, 0])
        mask = inputs["attention_mask"].unsqueeze(-1)
        return self.head((hidden * mask).sum(1) / mask.sum(1))


def _is_pair(text):
    return isinstance(text, (tuple, list)) and len(text) == 2 and all(isinstance(part, str) for part in text)


def load(folder=Path(__file__).parent, base=None):
    """The model of an exported folder; `base` is the encoder's path or Hub name where the folder's is wrong."""
    folder = Path(folder)
    settings = json.loads((folder / "head.json").read_text(encoding="utf-8"))
    activation = {"tanh": torch.nn.Tanh, "gelu": torch.nn.GELU, "relu": torch.nn.ReLU}.get(settings.get("dense"))
    layers = [_linear(folder / "2_Dense")]
    if activation:
        layers += [activation(), _linear(folder / "3_Dense")]
    encoder, tokenizer = _encoder(folder, base)
    return Model(encoder.float(), tokenizer, torch.nn.Sequential(*layers), settings).eval()


def _linear(folder):
    weights = load_file(folder / "model.safetensors")
    rows, columns = weights["linear.weight"].shape
    layer = torch.nn.Linear(columns, rows)
    layer.load_state_dict({name.removeprefix("linear."): tensor for name, tensor in weights.items()})
    return layer


def _encoder(folder, base):
    """The encoder, merged or with the adapter of PEFT or AdapterHub, and its tokenizer."""
    path = folder / "adapter_config.json"
    if not path.exists():
        return AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    config = json.loads(path.read_text(encoding="utf-8"))
    # The revision is of the model that the folder names.
    revision = None if base else config.get("revision")
    base = base or config.get("base_model_name_or_path") or config["model_name"]
    if "peft_type" in config:
        from peft import PeftModel

        encoder = PeftModel.from_pretrained(AutoModel.from_pretrained(base, revision=revision), folder)
    else:
        from adapters import AutoAdapterModel

        encoder = AutoAdapterModel.from_pretrained(base)
        encoder.load_adapter(str(folder), with_head=False, set_active=True, use_safetensors=True)
    return encoder, AutoTokenizer.from_pretrained(base, revision=revision)
