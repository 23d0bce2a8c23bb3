"""Every weight and bias of the encoder."""

from bert import Method, maps, tables


class Adapter(Method):
    def __init__(self, settings, bert):
        super().__init__(settings, bert)
        names = ["embeddings.norm", *(f"layer.{layer}.{site}" for layer in self.layers for site in maps)]
        if bert.has("embeddings.projection.weight"):
            names.append("embeddings.projection")
        if settings.get("pooler", False):
            names.append("pooler")
        self.train(*(name for name in tables if bert.has(name)), *(f"{name}.{part}" for name in names for part in ("weight", "bias")))
