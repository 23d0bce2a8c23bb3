"""Another method, pruned before training (arXiv 2210.04284): the base's computation on matrices with zeros."""

from . import build


published = {"method": "pfeiffer", "activation": "relu", "inputNorm": True}


def Adapter(settings, bert):
    return build(widened(settings.get("base", published), settings.get("largeSparse", 1)), bert)


def widened(base, factor):
    """The base with `factor` times its bottleneck or rank; LoRA at the same scale α / r."""
    if isinstance(base, list):
        return [widened(part, factor) for part in base]
    if base["method"] == "lora":
        return base | {"rank": base.get("rank", 8) * factor, "alpha": base.get("alpha", 8) * factor}
    if base["method"] in ("houlsby", "pfeiffer", "parallel", "mam"):
        return base | {"bottleneck": base.get("bottleneck", 512 if base["method"] == "mam" else 64) * factor}
    return base
