"""Warehouse audiences and computed traits, kept true in ActiveCampaign."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from ac_pipeline.calls import (
        add_tag,
        connect,
        find_contact,
        identify,
        page,
        remove_tag,
        screen,
        start_automation,
        track,
    )

__all__ = [
    "add_tag",
    "connect",
    "find_contact",
    "identify",
    "page",
    "query",
    "remove_tag",
    "screen",
    "start_automation",
    "track",
]


def __getattr__(name: str) -> object:
    """Import calls when they are first asked for: `import ac_pipeline` costs nothing."""
    if name in __all__:
        from ac_pipeline import calls

        return getattr(calls, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]


def query(sql: str, *, home: str | PathLike[str] | None = None) -> pd.DataFrame:
    """Ask the published copy; `home` is the one the settings name unless it is given.

    What can be asked is in store/QUESTIONS.md. A sync that runs meanwhile is not disturbed. Whole numbers stay
    whole, moments are UTC. Raises UnknownName if nothing was published yet, QueryError for SQL that does not run.
    """
    from pathlib import Path

    from ac_pipeline.settings import load_settings
    from ac_pipeline.store.published import ask, frame, open_copy

    with open_copy(load_settings().ac_pipeline_home if home is None else Path(home)) as connection:
        return frame(ask(connection, sql))
