"""A' = w ⊙ A + b on the concatenated heads or on W_O's output, and γ, β of LayerNorms (arXiv 2407.11033)."""

import torch
from bert import Method

norms_of = {"none": [], "attention": ["attention"], "output": ["output"], "both": ["attention", "output"]}


class Adapter(Method):
    def __init__(self, settings, bert):
        super().__init__(settings, bert)
        for layer in self.layers:
            self.parameters[f"layer.{layer}.hadamard.weight"] = torch.ones(bert.width)
            self.parameters[f"layer.{layer}.hadamard.bias"] = torch.zeros(bert.width)
            for norm in norms_of[settings.get("norm", "attention")]:
                self.train(*(f"layer.{layer}.{norm}.norm.{part}" for part in ("weight", "bias")))

    def heads(self, state, a):
        return self._adapt(state, a) if self.settings.get("site", "heads") == "heads" else a

    def attention(self, state, o):
        return self._adapt(state, o) if self.settings.get("site", "heads") == "projection" else o

    def _adapt(self, state, value):
        if state.layer not in self.layers:
            return value
        name = f"layer.{state.layer}.hadamard"
        return torch.addcmul(self.parameters[f"{name}.bias"], self.parameters[f"{name}.weight"], value)
