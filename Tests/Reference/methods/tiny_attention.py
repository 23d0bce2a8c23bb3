"""z + (1/M) Σ_m softmax(Q_m K_mᵀ/√D) V_m W_Oᵐ + b_O, with Q, K, V from LN(x); x = z = h1, or z = o
and x the layer's input (arXiv 2211.01979).
"""

import math

import torch
import torch.nn.functional as F
from bert import Method


class Adapter(Method):
    def __init__(self, settings, bert):
        super().__init__(settings, bert)
        self.count, self.wide = settings.get("heads", 1), settings.get("width", 1)
        inner = self.count * self.wide
        biases = settings.get("biases", True)
        for layer in self.layers:
            name = f"layer.{layer}.tiny-attention"
            if settings.get("norm", True):
                self.parameters[f"{name}.norm.weight"] = torch.ones(bert.width)
                self.parameters[f"{name}.norm.bias"] = torch.zeros(bert.width)
            for part in ("query", "key", "value"):
                self.parameters[f"{name}.{part}.weight"] = torch.zeros(inner, bert.width)
                if biases:
                    self.parameters[f"{name}.{part}.bias"] = torch.zeros(inner)
            self.parameters[f"{name}.output.weight"] = torch.zeros(bert.width, inner)
            if biases:
                self.parameters[f"{name}.output.bias"] = torch.zeros(bert.width)

    def attention(self, state, o):
        return o + self._change(state, state.x) if self.settings.get("placement") == "parallel" else o

    def attention_output(self, state, h1):
        return h1 if self.settings.get("placement") == "parallel" else h1 + self._change(state, h1)

    def _change(self, state, x):
        if state.layer not in self.layers:
            return torch.zeros_like(x)

        def own(part):
            return self.parameters.get(f"layer.{state.layer}.tiny-attention.{part}")

        n = x
        if own("norm.weight") is not None:
            n = F.layer_norm(x, (self.bert.width,), own("norm.weight"), own("norm.bias"), self.bert.epsilon)
        total = 0
        for head in range(self.count):
            part = slice(head * self.wide, (head + 1) * self.wide)
            q, k, v = (
                F.linear(n, own(f"{name}.weight")[part], None if own(f"{name}.bias") is None else own(f"{name}.bias")[part])
                for name in ("query", "key", "value")
            )
            scores = (q @ k.transpose(1, 2) / math.sqrt(self.wide)).masked_fill(state.mask[:, None] == 0, -math.inf)
            total = total + torch.softmax(scores, -1) @ v @ own("output.weight")[:, part].T
        bias = own("output.bias")
        return total / self.count + (0 if bias is None else bias)
