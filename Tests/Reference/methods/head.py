"""Nothing but a head."""

from bert import Method


class Adapter(Method):
    pass
