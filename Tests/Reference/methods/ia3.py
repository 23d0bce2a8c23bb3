"""Scales of keys, values and the feed-forward layer's inner value (arXiv 2205.05638)."""

import torch
from bert import Method


class Adapter(Method):
    def __init__(self, settings, bert):
        super().__init__(settings, bert)
        inner = settings.get("feedForward", "activation")
        self.widths = {"key": bert.width, "value": bert.width}
        if settings.get("heads", False):
            self.widths["heads"] = bert.width
        if inner != "none":
            self.widths[inner] = bert.intermediate
        for layer in self.layers:
            for site, width in self.widths.items():
                self.parameters[f"layer.{layer}.ia3.{site}.weight"] = torch.ones(width)

    def linear(self, site, state, x, weight, bias):
        return self._scale(site, state, super().linear(site, state, x, weight, bias))

    def activation(self, state, u):
        return self._scale("activation", state, u)

    def heads(self, state, a):
        return self._scale("heads", state, a)

    def _scale(self, site, state, value):
        if site not in self.widths or state.layer not in self.layers:
            return value
        return value * self.parameters[f"layer.{state.layer}.ia3.{site}.weight"]
