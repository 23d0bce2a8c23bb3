"""Trained keys and values before every sequence's own, without reparametrisation (arXiv 2101.00190)."""

import torch
from bert import Method


class Adapter(Method):
    def __init__(self, settings, bert):
        super().__init__(settings, bert)
        for layer in self.layers:
            for part in ("key", "value"):
                self.parameters[f"layer.{layer}.prefix.{part}.weight"] = torch.zeros(settings.get("length", 30), bert.width)

    def prefix(self, state):
        if state.layer in self.layers:
            return [self.parameters[f"layer.{state.layer}.prefix.{part}.weight"] for part in ("key", "value")]
