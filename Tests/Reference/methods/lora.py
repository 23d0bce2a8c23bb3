"""y += (alpha / rank) x Aᵀ Bᵀ on linear maps, A [rank, in], B [out, rank] (arXiv 2106.09685)."""

import torch
import torch.nn.functional as F
from bert import Method


class Adapter(Method):
    def __init__(self, settings, bert):
        super().__init__(settings, bert)
        self.targets = settings.get("targets", ["query", "value"])
        self.rank = settings.get("rank", 8)
        self.scale = settings.get("alpha", 8) / self.rank
        widths = {"intermediate": (bert.width, bert.intermediate), "output": (bert.intermediate, bert.width)}
        for layer in self.layers:
            for target in self.targets:
                inputs, outputs = widths.get(target, (bert.width, bert.width))
                name = f"layer.{layer}.lora.{target}"
                self.parameters[f"{name}.a.weight"] = torch.zeros(self.rank, inputs)
                self.parameters[f"{name}.b.weight"] = torch.zeros(outputs, self.rank)

    def linear(self, site, state, x, weight, bias):
        y = super().linear(site, state, x, weight, bias)
        if site not in self.targets or state.layer not in self.layers:
            return y
        name = f"layer.{state.layer}.lora.{site}"
        a, b = (self.parameters[f"{name}.{part}.weight"] for part in "ab")
        return torch.add(y, F.linear(F.linear(x, a), b), alpha=self.scale)
