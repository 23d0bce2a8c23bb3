"""h2 = LN2(y + α v + h1) with α = u a + c for each token, and γ, β of LN2 and of the embeddings'
LayerNorm (arXiv 2205.00305).
"""

import torch
import torch.nn.functional as F
from bert import Method


class Adapter(Method):
    def __init__(self, settings, bert):
        super().__init__(settings, bert)
        parts = ("weight", "bias")
        if settings.get("embeddingNorm", True):
            self.train(*(f"embeddings.norm.{part}" for part in parts))
        for layer in self.layers:
            self.parameters[f"layer.{layer}.adapter-bias.shift.bias"] = torch.zeros(bert.width)
            self.parameters[f"{self._alpha(layer)}.weight"] = torch.zeros(bert.intermediate)
            self.parameters[f"{self._alpha(layer)}.bias"] = torch.zeros(1)
            if settings.get("outputNorm", True):
                self.train(*(f"layer.{layer}.output.norm.{part}" for part in parts))

    def feed_forward(self, state, y):
        if state.layer not in self.layers:
            return y
        alpha = self._alpha(state.layer)
        factors = F.linear(state.u, self.parameters[f"{alpha}.weight"][None], self.parameters[f"{alpha}.bias"])
        return torch.addcmul(y, factors, self.parameters[f"layer.{state.layer}.adapter-bias.shift.bias"])

    def _alpha(self, layer):
        return "adapter-bias.alpha" if self.settings.get("shareAlpha") else f"layer.{layer}.adapter-bias.alpha"
