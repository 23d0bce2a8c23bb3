"""v → s (act(n W_d + b_d) W_u + b_u), n = LN(v) or v: what houlsby, pfeiffer, parallel and mam are made of."""

import math

import torch
import torch.nn.functional as F
from bert import Method



class Kink:
    """How near to 0, where its slope jumps, any input of a ReLU came since `nearest` was set to infinity.

    An exact 0 is that of a unit without inputs, and has the slope 0 everywhere.
    """

    nearest = math.inf


def relu(z):
    sizes = z.detach().abs()
    Kink.nearest = min(Kink.nearest, float(sizes[sizes > 0].min()))
    return torch.relu(z)


activations = {"relu": relu, "gelu": F.gelu, "swish": F.silu, "tanh": torch.tanh}
norms_of = {"none": [], "attention": ["attention"], "output": ["output"], "both": ["attention", "output"]}


class Bottlenecks(Method):
    """Has a bottleneck of each of `names` in each layer; `defaults` are the method's own settings."""

    names, defaults = [], {}

    def __init__(self, settings, bert):
        shared = {"bottleneck": 64, "activation": "gelu", "reads": "output", "inputNorm": False, "scale": 1, "norm": "none"}
        super().__init__(shared | self.defaults | settings, bert)
        d, m = bert.width, self.settings["bottleneck"]
        for layer in self.layers:
            for name in self.names:
                stem = f"layer.{layer}.{name}"
                if self.settings["inputNorm"]:
                    self.parameters[f"{stem}.norm.weight"] = torch.ones(d)
                    self.parameters[f"{stem}.norm.bias"] = torch.zeros(d)
                self.parameters[f"{stem}.down.weight"] = torch.zeros(m, d)
                self.parameters[f"{stem}.down.bias"] = torch.zeros(m)
                self.parameters[f"{stem}.up.weight"] = torch.zeros(d, m)
                self.parameters[f"{stem}.up.bias"] = torch.zeros(d)
            for norm in norms_of[self.settings["norm"]]:
                self.train(*(f"layer.{layer}.{norm}.norm.{part}" for part in ("weight", "bias")))

    def bottleneck(self, name, state, y, x, norm):
        """What the bottleneck adds to y, the output of what reads x and has `norm` behind it; nothing in other layers."""
        if state.layer not in self.layers:
            return 0
        reads = self.settings["reads"]
        v = x if reads == "input" else y if reads == "output" else self.bert.norm(state.layer, norm, y + x)

        def own(part):
            return self.parameters[f"layer.{state.layer}.{name}.{part}"]

        if self.settings["inputNorm"]:
            v = F.layer_norm(v, v.shape[-1:], own("norm.weight"), own("norm.bias"), 1e-5)
        z = F.linear(v, own("down.weight"), own("down.bias"))
        a = activations[self.settings["activation"]](z)
        return self.settings["scale"] * F.linear(a, own("up.weight"), own("up.bias"))
