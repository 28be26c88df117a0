"""State files and JSON files, while no sandbox runs on them."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from ac_pipeline.errors import SettingsError
from ac_pipeline.sandbox.database import open_database
from ac_pipeline.sandbox.state import dump, load


def dump_file(state: Path, target: Path) -> None:
    """Write the account as JSON, readable by its owner only. Raises what `serve` raises for `state`."""
    with closing(open_database(state)) as db:
        text = json.dumps(dump(db), indent=1, ensure_ascii=False)
    target.touch(mode=0o600)
    target.write_text(text, encoding="utf-8")


def load_file(state: Path, source: Path) -> None:
    """Make the account what a JSON file says. Raises SettingsError for one that is no dump."""
    try:
        parsed: object = json.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise SettingsError(f"{source} cannot be read as JSON.") from None
    with closing(open_database(state)) as db:
        load(db, parsed)
