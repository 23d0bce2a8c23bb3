"""y + f(h1) beside the feed-forward layer, f a scaled bottleneck (arXiv 2110.04366)."""

from .bottlenecks import Bottlenecks


class Adapter(Bottlenecks):
    names, defaults = ["parallel"], {"activation": "relu", "scale": 4, "reads": "input"}

    def beside_feed_forward(self, state, y):
        return y + self.bottleneck("parallel", state, y, state.h1, "output.norm")
