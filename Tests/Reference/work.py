"""The table of work that speed.py measures: what each row trains, and how much faster than PyTorch it is to be.

Every row: 32 examples a step, a linear head that is trained too, no dropout, AdamW, clipping at 1. The head reads the mean
of all tokens, for which the encoder of the table was made, or the first token where the name ends in `-cls`: BERT's own.
"""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    name: str
    task: str
    # The adapter section, for both sides; everything it doesn't name has its default.
    adapter: dict
    # The ratios to reach against PyTorch padding to the longest, and to 128 tokens; None where that isn't measured.
    longest: float
    fixed: float | None = None
    # Of the encoder's layers the last third alone has adapters.
    top: bool = False
    # Whether what the first epoch computed once and for all counts as done.
    later: bool = False
    # Passes over the examples after the first one.
    passes: int = 2
    stage: str = "adapter"
    pooling: str = "mean"

    def section(self, layers):
        """The adapter section for an encoder of `layers` layers."""
        adapted = self.adapted(layers)
        return self.adapter | ({"layers": f"{adapted[0]}-{adapted[-1]}"} if self.top else {})

    def adapted(self, layers):
        """The adapted layers."""
        return range(layers - max(1, layers // 3), layers) if self.top else range(layers)

    def study(self, options, layers, seed):
        """The study for `hadamesh bench`; YAML reads JSON."""
        stages = {"head": {"steps": 0}, "adapter": {"trainHead": True}}
        if self.stage == "head":
            stages = {"head": {}, "adapter": {"steps": 0}}
        return json.dumps({
            "backbone": str(Path(options.backbone).resolve()), "data": str(Path(options.data).resolve()),
            "tasks": [self.task], "adapter": self.section(layers), "head": {"pooling": self.pooling, "dropout": 0},
            "stages": stages, "batch": {"examples": 32, "microBatch": min(8, 32 // options.ranks)},
            "optimizer": {"clip": 1}, "dropout": {"hidden": 0, "attention": 0}, "evaluation": {"heldOut": 0.01},
            "maximumTokens": 128, "seed": seed,
        }, indent=2)

    def rate(self, phases):
        """Our examples a second, of the phases that `hadamesh bench` measured, and the tokens of an example.

        A row counts three epochs, a study's default, of which the first one may be slower; or the later ones alone.
        """
        first, later = (phases[f"{self.stage} stage, {epoch}"] for epoch in ("first epoch", "later epochs"))
        rates = [phase["examplesPerSecond"]["median"] for phase in (first, later)]
        tokens = later["tokensPerSecond"] * later["secondsPerStep"] / 32
        return rates[1] if self.later else 3 / (1 / rates[0] + 2 / rates[1]), tokens


rows = {row.name: row for row in (
    Row("hadamard-mrpc", "mrpc", {"method": "hadamard"}, longest=2, fixed=3.2),
    Row("hadamard-sst2", "sst2", {"method": "hadamard"}, longest=4, fixed=12),
    Row("hadamard-top-mrpc", "mrpc", {"method": "hadamard"}, longest=5, top=True, later=True, passes=5),
    Row("hadamard-mrpc-cls", "mrpc", {"method": "hadamard"}, longest=2, fixed=3.2, pooling="cls"),
    Row("hadamard-sst2-cls", "sst2", {"method": "hadamard"}, longest=4, fixed=12, pooling="cls"),
    Row("hadamard-top-mrpc-cls", "mrpc", {"method": "hadamard"}, longest=5, top=True, later=True, passes=5,
        pooling="cls"),
    # A step takes a tenth of a millisecond.
    Row("head-mrpc", "mrpc", {"method": "head"}, longest=50, later=True, passes=100, stage="head"),
    Row("adapter-bias-mrpc", "mrpc", {"method": "adapter-bias"}, longest=1.8),
    Row("houlsby-mrpc", "mrpc", {"method": "houlsby"}, longest=1.8),
    Row("lora-mrpc", "mrpc", {"method": "lora"}, longest=1.8),
    Row("tiny-attention-mrpc", "mrpc", {"method": "tiny-attention"}, longest=1.8),
)}
