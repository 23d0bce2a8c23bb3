"""Every adapter method in plain PyTorch, one module each: equations on the places of `bert.Method`, autograd for the rest.

A method's module has its name, with _ for -, and a class `Adapter`. Parameters have the names of Hadamesh's tensors. Random
starts do not matter, since comparisons set all values.
"""

import importlib

from bert import Method


def build(settings, bert):
    """The method of an `adapter` section, which may be a list of several."""
    if isinstance(settings, list):
        return Stack([build(part, bert) for part in settings], bert)
    module = importlib.import_module(f".{settings.get('method', 'hadamard').replace('-', '_')}", __name__)
    return module.Adapter(settings, bert)


def kind_of(name):
    """The kind of a parameter, by which sharing and learning rates are set: weight, bias, norm, head."""
    if name.startswith("head."):
        return "head"
    return "norm" if "norm." in name else "bias" if name.endswith("bias") else "weight"


class Stack(Method):
    """Several methods that act in their order."""

    def __init__(self, methods, bert):
        super().__init__({}, bert)
        self.methods = methods
        for method in methods:
            self.parameters |= method.parameters

    def bind(self):
        """Gives each method its part of `parameters` once they are set."""
        for method in self.methods:
            method.parameters = {name: self.parameters[name] for name in method.parameters}
            if isinstance(method, Stack):
                method.bind()

    def tensor(self, name):
        return next((own for method in self.methods if (own := method.tensor(name)) is not None), None)

    def linear(self, site, state, x, weight, bias):
        changing = [method for method in self.methods if type(method).linear is not Method.linear]
        if len(changing) > 1:
            raise SystemExit("methods that change linear maps are not stacked in the reference")
        return (changing or [super()])[0].linear(site, state, x, weight, bias)

    def prefix(self, state):
        return next((own for method in self.methods if (own := method.prefix(state)) is not None), None)

    def heads(self, state, a):
        return self._all("heads", state, a)

    def attention(self, state, o):
        return self._all("attention", state, o)

    def attention_output(self, state, h1):
        return self._all("attention_output", state, h1)

    def activation(self, state, u):
        return self._all("activation", state, u)

    def feed_forward(self, state, y):
        return self._all("feed_forward", state, y)

    def beside_feed_forward(self, state, y):
        return self._all("beside_feed_forward", state, y)

    def _all(self, place, state, value):
        for method in self.methods:
            value = getattr(method, place)(state, value)
        return value
