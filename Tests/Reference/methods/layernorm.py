"""γ and β of LayerNorms (arXiv 2304.01917)."""

from bert import Method

norms_of = {"none": [], "attention": ["attention"], "output": ["output"], "both": ["attention", "output"]}


class Adapter(Method):
    def __init__(self, settings, bert):
        super().__init__(settings, bert)
        names = ["embeddings.norm"] if settings.get("embeddings", False) else []
        for layer in self.layers:
            names += [f"layer.{layer}.{norm}.norm" for norm in norms_of[settings.get("norm", "both")]]
        self.train(*(f"{name}.{part}" for name in names for part in ("weight", "bias")))
