"""v → s (act(n W_d + b_d) W_u + b_u), n = LN(v) or v: the bottlenecks of houlsby, pfeiffer, parallel and mam."""

import math

import torch
import torch.nn.functional as F
from bert import Method



class Kink:
    """The smallest size of a ReLU's input since `nearest` was set to infinity; the slope jumps at 0.

    An exact 0 does not count: it comes from a unit without inputs, whose slope is 0 everywhere.
    """

    nearest = math.inf


def relu(z):
    sizes = z.detach().abs()
    Kink.nearest = min(Kink.nearest, float(sizes[sizes > 0].min()))
    return torch.relu(z)


activations = {
    "relu": relu, "gelu": F.gelu, "gelu_new": lambda z: F.gelu(z, approximate="tanh"), "swish": F.silu, "tanh": torch.tanh,
}
norms_of = {"none": [], "attention": ["attention"], "output": ["output"], "both": ["attention", "output"]}


class Bottlenecks(Method):
    """The bottlenecks `names` in each layer; `defaults` are the method's own settings."""

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
        """The bottleneck's output for the output y of a sub-layer with input x and `norm` after it; 0 in other layers."""
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
