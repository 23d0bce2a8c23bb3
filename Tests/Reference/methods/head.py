"""The head alone."""

from bert import Method


class Adapter(Method):
    pass
