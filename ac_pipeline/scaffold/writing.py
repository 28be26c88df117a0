"""Writes a project: all of it or nothing, and never over something that is there without saying so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ac_pipeline.errors import SettingsError
from ac_pipeline.home import unusable_in
from ac_pipeline.scaffold.project import SETTINGS

_ENTER = os.W_OK | os.X_OK


@dataclass(frozen=True, slots=True)
class Written:
    """Paths in the project, sorted."""

    new: tuple[str, ...]
    replaced: tuple[str, ...]
    kept: tuple[str, ...]
    """What was there and is as it was."""


def write_project(root: Path, texts: Mapping[str, str], *, force: bool) -> Written:
    """Write `texts` (path in the project → text) into the folder `root`, which is made if need be.

    What is there already with the same text is kept. Anything else in the way raises SettingsError, which names all of
    it, and nothing was written; with `force` such files are replaced, but never settings, folders or links.
    """
    if characters := unusable_in(root):
        raise SettingsError(
            f"DuckDB, dlt and dbt cannot use a path with {characters}: {root}. Nothing was written.",
            "Choose a folder without these characters.",
        )
    try:
        return _write_all(root, texts, force=force)
    except OSError as error:
        raise SettingsError(
            f"{root} cannot be written to: {error.strerror or error}.", "Choose a folder you can write to."
        ) from None


def _write_all(root: Path, texts: Mapping[str, str], *, force: bool) -> Written:
    there = {path for path in texts if _exists(root / path)}
    same = {path for path in there if _holds(root / path, texts[path])}
    differ = there - same
    kept = same | ({SETTINGS} & differ if force else set())
    stuck = {path for path in differ if not _is_plain(root / path)} | _blocked(root, texts)
    in_the_way = sorted(stuck if force else stuck | differ)
    if in_the_way:
        listed = "\n".join(f"  {path}" for path in in_the_way)
        raise SettingsError(
            f"In {root} there is already:\n{listed}\nNothing was written.",
            "These are no ordinary files; move them away."
            if force
            else "Choose another folder, move them away, or let --force replace them (all but .env).",
        )
    changed = sorted(set(texts) - kept)
    if closed := sorted({str(folder) for path in changed if not os.access(folder := _nearest(root / path), _ENTER)}):
        raise SettingsError(
            f"These folders cannot be written to: {', '.join(closed)}. Nothing was written.",
            "Choose a folder you can write to.",
        )
    for path in changed:
        _write(root / path, texts[path], private=path == SETTINGS)
    return Written(
        tuple(path for path in changed if path not in there),
        tuple(path for path in changed if path in there),
        tuple(sorted(kept)),
    )


def _nearest(path: Path) -> Path:
    """Return the folder that a file is made in, or the nearest one above it that is there."""
    return next(folder for folder in path.parents if folder.exists())


def _exists(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _holds(path: Path, text: str) -> bool:
    return _is_plain(path) and path.read_bytes() == text.encode()


def _blocked(root: Path, texts: Mapping[str, str]) -> set[str]:
    """Return what stands where a folder of the project has to be: files, and links that lead out of it."""
    folders = {parent for path in texts for parent in Path(path).parents if parent != Path()}
    found = {str(folder) for folder in folders if (root / folder).is_symlink() or (root / folder).is_file()}
    return found | ({"."} if root.is_file() else set())


def _write(path: Path, text: str, *, private: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if private:
        path.touch(mode=0o600)
    path.write_bytes(text.encode())
