"""y + f(y) after W_2, f a bottleneck (arXiv 2005.00247)."""

from .bottlenecks import Bottlenecks


class Adapter(Bottlenecks):
    names = ["pfeiffer"]

    def feed_forward(self, state, y):
        return y + self.bottleneck("pfeiffer", state, y, state.h1, "output.norm")
