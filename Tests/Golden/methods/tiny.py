"""The tiny encoder of a family with its batch, and the outputs and gradients of a method on them, in float64.

The batch is that of encoders/tiny-FAMILY-forward.safetensors: T tokens of B sequences.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

here = Path(__file__).parent
sys.path.insert(0, str(here.parent.parent / "Reference"))

import methods  # noqa: E402
from bert import Bert, check  # noqa: E402

torch.set_num_threads(1)
encoders = here.parent / "encoders"


def cases(name):
    """The cases of a method's file; {trained} is the folder of adapters that others build on."""
    text = (here / f"{name}.json").read_text().replace("{trained}", str(here / "trained"))
    return json.loads(text)["cases"]


class Tiny:
    def __init__(self, family):
        self.folder = encoders / f"tiny-{family}"
        check(self.folder)
        self.bert = Bert(self.folder)
        batch = load_file(encoders / f"tiny-{family}-forward.safetensors")
        self.upstream = batch["upstream"].double()
        offsets = batch["offsets"].tolist()
        self.ranges = list(zip(offsets, offsets[1:]))
        self.longest = max(end - start for start, end in self.ranges)
        self.ids, self.segments = self._padded(batch["ids"]), self._padded(batch["segments"])
        self.mask = self._padded(torch.ones_like(batch["ids"]))

    def _padded(self, packed):
        rows = torch.zeros(len(self.ranges), self.longest, dtype=packed.dtype)
        for row, (start, end) in zip(rows, self.ranges):
            row[: end - start] = packed[start:end]
        return rows

    def outputs(self, method, case):
        """`hidden` [T, d], `pooled` [B, d] where there is a pooler, and `gradient.NAME` of every parameter.

        The gradients are those of Σ hidden ⊙ upstream + Σ pooled ⊙ (the first rows of upstream).
        """
        if isinstance(method, methods.Stack):
            method.bind()
        hidden = self.bert.hidden(self.ids, self.segments, self.mask, method)
        packed = torch.cat([row[: end - start] for row, (start, end) in zip(hidden, self.ranges)])
        found, loss = {"hidden": packed}, (packed * self.upstream).sum()
        if self.bert.has("pooler.weight"):
            found["pooled"] = self.bert.pooled(hidden, method)
            loss = loss + (found["pooled"] * self.upstream[: len(self.ranges)]).sum()
        if method.parameters:
            loss.backward()
        for key, leaf in method.parameters.items():
            if leaf.grad is None:
                sys.exit(f"{case}: '{key}' changes nothing")
            found[f"gradient.{key}"] = leaf.grad
        return found
