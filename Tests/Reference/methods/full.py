"""Every weight and bias of the encoder."""

from bert import Method, maps, tables


class Adapter(Method):
    def __init__(self, settings, bert):
        super().__init__(settings, bert)
        names = ["embeddings.norm", *(f"layer.{layer}.{site}" for layer in self.layers for site in maps)]
        if settings.get("pooler", False):
            names.append("pooler")
        self.train(*tables, *(f"{name}.{part}" for name in names for part in ("weight", "bias")))
