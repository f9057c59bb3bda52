"""Groups of patients, with the verbs of Mesa's GroupBy."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self


class Groups:
    """Groups of patients by a value; verbs as of Mesa's GroupBy. ``groups``: a dict from value to group."""

    def __init__(self, groups: dict[Any, Any]) -> None:
        self.groups = groups

    def map(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> dict[Any, Any]:
        """What a function of each group, or a method of each by name, returns, by value."""
        return {value: call(group, method)(*args, **kwargs) for value, group in self.groups.items()}

    def do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Self:
        """Call a function with each group, or a method of each by name."""
        self.map(method, *args, **kwargs)
        return self

    def count(self) -> dict[Any, int]:
        """How many there are in each group, by value."""
        return {value: len(group) for value, group in self.groups.items()}

    def agg(self, attr_name: str, func: Callable[..., Any] | Iterable[Callable[..., Any]]) -> dict[Any, Any]:
        """A function (or a list or dict of them) of the values of an attribute in each group, by value."""
        return {value: group.agg(attr_name, func) for value, group in self.groups.items()}

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return iter(self.groups.items())

    def __len__(self) -> int:
        return len(self.groups)


def call(one: Any, method: str | Callable[..., Any]) -> Callable[..., Any]:
    """A method by name, or a function given its first argument."""
    if isinstance(method, str):
        return getattr(one, method)
    return lambda *args, **kwargs: method(one, *args, **kwargs)
