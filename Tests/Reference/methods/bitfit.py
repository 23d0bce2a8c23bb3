"""Every bias of linear maps and LayerNorms (arXiv 2106.10199)."""

from bert import Method, maps


class Adapter(Method):
    def __init__(self, settings, bert):
        super().__init__(settings, bert)
        self.train("embeddings.norm.bias", *(f"layer.{layer}.{site}.bias" for layer in self.layers for site in maps))
        if bert.has("embeddings.projection.bias"):
            self.train("embeddings.projection.bias")
        if settings.get("pooler", False):
            self.train("pooler.bias")
