"""The one way in which something cannot be sent."""

from __future__ import annotations


class Unsendable(ValueError):
    """A value that the service cannot take. Names the field and the rule, never the value.

    Of this contact only: record it and go on.
    """

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field, self.rule = field, rule
