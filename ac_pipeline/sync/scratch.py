"""A home to try things out in: a copy of what is published, gone afterwards. The real home is only read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from ac_pipeline.home import Home
from ac_pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Scratch:
    """`settings` of the scratch home. `under_way`: the run that was going on when the copy was published."""

    settings: Settings
    under_way: str = ""


@contextmanager
def scratch_home(settings: Settings) -> Iterator[Scratch]:
    """Make a home of what is published, or an empty one where nothing is; it takes no lock and writes nothing there."""
    published = Home(settings.ac_pipeline_home.absolute()).published
    with TemporaryDirectory(prefix="ac-pipeline-") as folder:  # only its owner may read it
        home = Home.at(Path(folder))
        under_way = ""
        if published.exists():
            shutil.copyfile(published, home.store)
            under_way = _under_way(home.store)
        yield Scratch(settings.model_copy(update={"ac_pipeline_home": home.root}), under_way)


def _under_way(store: Path) -> str:
    """Say which run was going on, as the copy has it."""
    with duckdb.connect(store, read_only=True) as connection:
        row: tuple[str, datetime] | None = connection.execute(
            "select kind, started_at from engine.run where state = 'running' order by started_at desc limit 1"
        ).fetchone()
    return f"{row[0]} that began {row[1]:%Y-%m-%d %H:%M} UTC" if row else ""
