"""Names for nodes that were given none."""

from symbolic.graph.scope import Scope


class NameManager(Scope):
    """Give each unnamed node its operator's name and a number; a scope that starts counting again.

    Examples
    --------
    >>> with NameManager() as names:
    ...     names.get(None, "dot"), names.get(None, "dot"), names.get("mine", "dot")
    ('dot0', 'dot1', 'mine')
    """

    def __init__(self) -> None:
        self._counter = {}

    def get(self, name: str | None, hint: str) -> str:
        """Return `name`, or when it is None or empty, `hint` and the next number."""
        if name:
            return name
        number = self._counter.get(hint, 0)
        self._counter[hint] = number + 1
        return f"{hint}{number}"


class Prefix(NameManager):
    """A `NameManager` that puts a prefix before every operator's name, given or automatic.

    Parameters
    ----------
    prefix : str

    Examples
    --------
    >>> with Prefix("net_") as names:
    ...     names.get(None, "dot"), names.get("mine", "dot")
    ('net_dot0', 'net_mine')
    """

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def get(self, name: str | None, hint: str) -> str:
        """Return the prefix and the name that `NameManager.get` gives."""
        return self._prefix + super().get(name, hint)
