"""The rows that speed.py measures, each with the ratio to PyTorch that it should reach.

Every row has 32 examples per step, a trained linear head, no dropout, AdamW, and clipping at 1. The head reads the mean of
all tokens, for which the encoder was made, or the first token, as in BERT, if the name ends in `-cls`.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Row:
    name: str
    task: str
    # The adapter section, for both sides; keys that are left out have their defaults.
    adapter: dict
    # The ratio to reach in each arithmetic, against the fastest PyTorch; on processors with AMX the peer gains more.
    targets: dict = field(default_factory=dict)
    # Whether only the last third of the encoder's layers has adapters.
    top: bool = False
    # Whether only later epochs count, for which the first one has filled the activation cache.
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

    def target(self, arithmetic, amx):
        """The ratio to reach; None if there is none."""
        return self.targets.get("amx" if amx and arithmetic == "bfloat16" else arithmetic)

    def study(self, options, layers, seed, arithmetic):
        """The study for `hadamesh bench`; YAML reads JSON."""
        stages = {"head": {"steps": 0}, "adapter": {"trainHead": True}}
        if self.stage == "head":
            stages = {"head": {}, "adapter": {"steps": 0}}
        return json.dumps({
            "backbone": str(Path(options.backbone).resolve()), "data": str(Path(options.data).resolve()),
            "tasks": [self.task], "adapter": self.section(layers), "head": {"pooling": self.pooling, "dropout": 0},
            "stages": stages, "batch": {"examples": 32, "microBatch": min(8, 32 // options.ranks)},
            "optimizer": {"clip": 1}, "dropout": {"hidden": 0, "attention": 0}, "evaluation": {"heldOut": 0.01},
            "maximumTokens": 128, "seed": seed, "arithmetic": arithmetic,
        }, indent=2)

    def rate(self, phases):
        """Our examples per second in the phases of `hadamesh bench`, and the tokens of an example.

        A row counts three epochs, a study's default, of which the first may be slower, or only later ones.
        """
        first, later = (phases[f"{self.stage} stage, {epoch}"] for epoch in ("first epoch", "later epochs"))
        rates = [phase["examplesPerSecond"]["median"] for phase in (first, later)]
        tokens = later["tokensPerSecond"] * later["secondsPerStep"] / 32
        return rates[1] if self.later else 3 / (1 / rates[0] + 2 / rates[1]), tokens


in_all_layers, hadamard = {"float32": 1.55, "bfloat16": 1.6, "amx": 1.4}, {"method": "hadamard"}
short_sentences = {"float32": 2.3, "bfloat16": 2.3, "amx": 2}
in_the_top = {"float32": 3.5, "bfloat16": 4, "amx": 3.5}

rows = {row.name: row for row in (
    Row("hadamard-mrpc", "mrpc", hadamard, in_all_layers),
    Row("hadamard-sst2", "sst2", hadamard, short_sentences),
    Row("hadamard-top-mrpc", "mrpc", hadamard, in_the_top, top=True, later=True, passes=5),
    Row("hadamard-mrpc-cls", "mrpc", hadamard, in_all_layers, pooling="cls"),
    Row("hadamard-sst2-cls", "sst2", hadamard, short_sentences, pooling="cls"),
    Row("hadamard-top-mrpc-cls", "mrpc", hadamard, in_the_top, top=True, later=True, passes=5, pooling="cls"),
    # A step takes a tenth of a millisecond.
    Row("head-mrpc", "mrpc", {"method": "head"}, later=True, passes=100, stage="head"),
    Row("adapter-bias-mrpc", "mrpc", {"method": "adapter-bias"}),
    Row("houlsby-mrpc", "mrpc", {"method": "houlsby"}),
    Row("lora-mrpc", "mrpc", {"method": "lora"}),
    Row("tiny-attention-mrpc", "mrpc", {"method": "tiny-attention"}),
)}
