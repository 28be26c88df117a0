"""An assets folder written from strings, and what `check` finds in it."""

from __future__ import annotations

from pathlib import Path

from ac_pipeline.declarations import Fault, Loaded, load_declarations

CONTACTS = "sql: select user_id, email from marts.customers\n"
AUDIENCE = "name: Big Spenders\nsql: select user_id from marts.orders where ordered_at <= :as_of\n"
TRAIT = "name: Lifetime Value\ntype: number\nsql: select user_id, 1 as value from marts.orders\n"


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write the files, with a contacts.yaml unless one is given; return the folder."""
    for name, content in {"contacts.yaml": CONTACTS, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def checked(folder: Path, files: dict[str, str | bytes], dialect: str = "duckdb") -> Loaded:
    return load_declarations(write(folder, files), dialect)


def only_fault(folder: Path, files: dict[str, str | bytes], dialect: str = "duckdb") -> Fault:
    (fault,) = checked(folder, files, dialect).faults
    return fault


def spots(folder: Path, loaded: Loaded) -> list[tuple[str, int]]:
    """File and line of every fault, in the order in which they are shown."""
    return [(fault.path.relative_to(folder).as_posix(), fault.line) for fault in loaded.faults]
