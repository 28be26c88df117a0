"""What is wrong with a file, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One finding of `check`. A warning does not stop a run."""

    path: Path
    line: int
    message: str
    hint: str
    warning: bool = False

    def __str__(self) -> str:
        word = "warning: " if self.warning else ""
        return f"{self.path}:{self.line}: {word}{self.message} — {self.hint}"
