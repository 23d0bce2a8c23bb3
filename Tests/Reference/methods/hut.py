"""W scaled in rows and columns, or multiplied by 1 + M_A M_B; y = γ ⊙ (x W) + b_0 + β (arXiv 2409.13501).

`a` [rank, in] is M_A transposed, `b` [out, rank] is M_B transposed, and weights are [out, in].
"""

import torch
from bert import Method


class Adapter(Method):
    def __init__(self, settings, bert):
        super().__init__(settings, bert)
        self.targets = settings.get("targets", ["query", "value"])
        self.literal = settings.get("form", "rowcolumn") == "rowcolumn"
        rank = settings.get("rank", 1 if self.literal else 8)
        widths = {"intermediate": (bert.width, bert.intermediate), "output": (bert.intermediate, bert.width)}
        for layer in self.layers:
            for target in self.targets:
                inputs, outputs = widths.get(target, (bert.width, bert.width))
                name = f"layer.{layer}.hut.{target}"
                start = torch.full if self.literal else lambda shape, _: torch.zeros(shape)
                self.parameters[f"{name}.a.weight"] = start((rank, inputs), 1 / rank)
                self.parameters[f"{name}.b.weight"] = start((outputs, rank), 1 / rank)
                if settings.get("scale", True):
                    self.parameters[f"{name}.scale.weight"] = torch.ones(outputs)
                if settings.get("shift", True):
                    self.parameters[f"{name}.shift.bias"] = torch.zeros(outputs)

    def linear(self, site, state, x, weight, bias):
        if site not in self.targets or state.layer not in self.layers:
            return super().linear(site, state, x, weight, bias)
        name = f"layer.{state.layer}.hut.{site}"
        a, b = self.parameters[f"{name}.a.weight"], self.parameters[f"{name}.b.weight"]
        if self.literal:
            updated = torch.diag(b.sum(1)) @ weight @ torch.diag(a.sum(0))
        else:
            updated = weight * (1 + b @ a)
        y = x @ updated.T
        y = y * self.parameters.get(f"{name}.scale.weight", 1)
        return y + bias + self.parameters.get(f"{name}.shift.bias", 0)
