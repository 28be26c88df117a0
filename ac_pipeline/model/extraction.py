"""What one extraction brought: a working DuckDB file with one table per declaration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ac_pipeline.model.declaration import Declaration


@dataclass(frozen=True, slots=True)
class Extracted:
    """One declaration's rows. `table` is empty when there are none to use: `failure` says why.

    A declaration that describes now is `skipped` for a past window: unknown there, not failed.
    """

    declaration: Declaration
    table: str = ""
    rows: int = 0
    failure: str = ""
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Extraction:
    """All declarations of one extraction, contacts first; `file` holds the tables."""

    file: Path
    results: tuple[Extracted, ...]

    @property
    def failed(self) -> tuple[Extracted, ...]:
        """Declarations that should have come and did not."""
        return tuple(result for result in self.results if result.failure and not result.skipped)
