"""Writes the files that FormatsTests reads back: safetensors made by the format's own library.

Run in this directory: python generate.py
"""

import json
import pathlib
import platform

import numpy
import safetensors
import safetensors.torch
import torch

here = pathlib.Path(__file__).parent

# Values whose bits matter: signed zero, subnormals, the largest, infinities, and numbers that need rounding.
awkward = [0.0, -0.0, 1.0, -2.5, 0.1, 3.140625, 65504.0, -1e-7, 5.9604645e-08, 6.1035156e-05, float("inf"), float("-inf")]
values = torch.tensor(awkward, dtype=torch.float32)

safetensors.torch.save_file(
    {
        "single": values.reshape(3, 4),
        "half": values.to(torch.float16).reshape(2, 6),
        "brain": values.to(torch.bfloat16),
        "whole": torch.tensor([[-1, 2**62], [0, -(2**63)]], dtype=torch.int64),
        "scalar": torch.tensor(7.5),
        "empty": torch.zeros(0, 3),
        "double": torch.tensor([0.1, -1e300], dtype=torch.float64),
        "byte": torch.tensor([0, 255, 7], dtype=torch.uint8),
    },
    here / "mixed.safetensors",
    metadata={"format": "pt"},
)

# The types that the software writes, which its own writer has to reproduce byte for byte.
safetensors.torch.save_file(
    {
        "b.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 8,
        "a.bias": torch.tensor([-1.5, 0.1], dtype=torch.float32),
        "step": torch.tensor([3, -4, 5], dtype=torch.int64),
    },
    here / "written.safetensors",
    metadata={"note": 'a "quoted" \\ text, é'},
)

# All 65,536 patterns of each 16-bit type would be 256 kB; every 61st covers each exponent of each sign.
patterns = numpy.arange(0, 65536, 61, dtype=numpy.uint16)
half = torch.from_numpy(patterns.view(numpy.int16).copy()).view(torch.float16)
brain = torch.from_numpy(patterns.view(numpy.int16).copy()).view(torch.bfloat16)
safetensors.torch.save_file(
    {
        "half": half,
        "half.widened": torch.nan_to_num(half.to(torch.float32), nan=12345.0, posinf=float("inf"), neginf=float("-inf")),
        "brain": brain,
        "brain.widened": torch.nan_to_num(brain.to(torch.float32), nan=12345.0, posinf=float("inf"), neginf=float("-inf")),
    },
    here / "widening.safetensors",
)

with open(here / "VERSIONS", "w") as file:
    json.dump(
        {
            "python": platform.python_version(),
            "numpy": numpy.__version__,
            "safetensors": safetensors.__version__,
            "torch": torch.__version__,
        },
        file,
        indent=2,
    )
    file.write("\n")
