"""A prefix in the attention and a scaled bottleneck beside the feed-forward layer (arXiv 2110.04366)."""

import torch

from .bottlenecks import Bottlenecks


class Adapter(Bottlenecks):
    names, defaults = ["parallel"], {"length": 30, "bottleneck": 512, "activation": "relu", "scale": 4, "reads": "input"}

    def __init__(self, settings, bert):
        super().__init__(settings, bert)
        for layer in self.layers:
            for part in ("key", "value"):
                name = f"layer.{layer}.prefix.{part}.weight"
                self.parameters[name] = torch.zeros(self.settings["length"], bert.width)

    def prefix(self, state):
        if state.layer in self.layers:
            return [self.parameters[f"layer.{state.layer}.prefix.{part}.weight"] for part in ("key", "value")]

    def beside_feed_forward(self, state, y):
        return y + self.bottleneck("parallel", state, y, state.h1, "output.norm")
