"""y + V Σ_i p_i z_i, p = softmax over trained adapters i of (Q h) · (K z_i) / τ, z_i the output of bottleneck i
(arXiv 2005.00247).
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from bert import Method
from safetensors.torch import load_file

# The bottlenecks of each method that can be fused: the part of the layer, and the bottleneck's name.
places = {
    "pfeiffer": {"output": "pfeiffer"},
    "houlsby": {"attention": "houlsby.attention", "output": "houlsby.output"},
    "parallel": {"output": "parallel"},
}


class Adapter(Method):
    def __init__(self, settings, bert):
        from . import build

        super().__init__(settings, bert)
        self.frozen = []
        for folder in map(Path, settings["adapters"]):
            section = json.loads((folder / "adapter_config.json").read_text())["hadamesh"]["adapter"]
            method = build(section, bert)
            tensors = load_file(folder / "adapter_model.safetensors")
            for name, own in method.parameters.items():
                method.parameters[name] = tensors[name].reshape(own.shape).to(bert.dtype)
            self.frozen.append(method)
        self.kind = section["method"]
        d = bert.width
        for layer in self.layers:
            for part in places[self.kind]:
                stem = self.stem(layer, part)
                for name in ("query", "key"):
                    self.parameters[f"{stem}.{name}.weight"] = torch.zeros(d, d)
                    self.parameters[f"{stem}.{name}.bias"] = torch.zeros(d)
                if settings.get("value", True):
                    self.parameters[f"{stem}.value.weight"] = torch.eye(d)

    def stem(self, layer, part):
        return f"layer.{layer}.fusion" + (f".{part}" if len(places[self.kind]) > 1 else "")

    def attention(self, state, o):
        return self.mix("attention", state, o, state.x, "attention.norm")

    def beside_feed_forward(self, state, y):
        return self.mix("output", state, y, state.h1, "output.norm")

    def mix(self, part, state, y, x, norm):
        """y with the mixture added, for the output y of a sub-layer with input x and the LayerNorm `norm` after it."""
        if state.layer not in self.layers or part not in places[self.kind]:
            return y

        def own(name):
            return self.parameters[f"{self.stem(state.layer, part)}.{name}"]

        z = torch.stack([method.bottleneck(places[self.kind][part], state, y, x, norm) for method in self.frozen], 2)
        which = self.settings.get("queryInput", "normalized")
        h = x if which == "input" else y if which == "output" else self.bert.norm(state.layer, norm, y + x)
        q = F.linear(h, own("query.weight"), own("query.bias"))
        k = F.linear(z, own("key.weight"), own("key.bias"))
        scores = (q[:, :, None] * k).sum(-1) / self.settings.get("temperature", 1)
        p = torch.softmax(scores, -1)[..., None]
        before = self.settings.get("residualBefore", False)
        v = z + y[:, :, None] if before else z
        if self.settings.get("value", True):
            v = F.linear(v, own("value.weight"))
        mixed = (p * v).sum(2)
        return mixed if before else y + mixed
