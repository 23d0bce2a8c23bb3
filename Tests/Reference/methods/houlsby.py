"""o + f(o) after W_O and y + f(y) after W_2, f a bottleneck; both LayerNorms are trained (arXiv 1902.00751)."""

from .bottlenecks import Bottlenecks


class Adapter(Bottlenecks):
    names, defaults = ["houlsby.attention", "houlsby.output"], {"norm": "both"}

    def attention(self, state, o):
        return o + self.bottleneck("houlsby.attention", state, o, state.x, "attention.norm")

    def feed_forward(self, state, y):
        return y + self.bottleneck("houlsby.output", state, y, state.h1, "output.norm")
