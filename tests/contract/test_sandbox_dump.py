"""The whole account as JSON, and back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ac_pipeline.errors import SettingsError
from ac_pipeline.sandbox import dump_file, load_file
from contract.sandbox_support import fill, sandbox


def test_a_dump_loaded_elsewhere_is_the_same_account(tmp_path: Path) -> None:
    """What waits is done there, and the next ids are the same."""
    with sandbox(tmp_path / "one") as api:
        fill(api)
        state = api.control("/sandbox/dump").json()
        assert all(rows for rows in state.values())
        assert "requests" not in state
    with sandbox(tmp_path / "two") as other:
        other.sync("somebody@else.com")
        assert other.control("/sandbox/load", "POST", state).json() == {}
        assert other.control("/sandbox/dump").json() == state
        other.time.seconds = 100
        assert [contact["email"] for contact in other.contacts()] == ["a@b.com", "later@b.com"]
        assert other.sync("c@b.com").json()["contact"]["id"] == "4"


@pytest.mark.parametrize(
    "state",
    [
        [],
        {"contacts": {}},
        {"nonsense": [{}]},
        {"requests": [{"id": 1}]},
        {"contacts": [{"nonsense": 1}]},
        {"contacts": ["x"]},
        {"contacts": [{"id": "x", "email": "a@b.com"}]},
        {"contacts": [{"id": 1, "email": ["a"]}]},
        {"contact_tags": [{"id": 1, "contact": 1, "tag": 1, "created_at": 0}]},
    ],
)
def test_what_is_no_dump_changes_nothing(tmp_path: Path, state: Any) -> None:
    """400, and why."""
    with sandbox(tmp_path) as api:
        fill(api)
        before = api.control("/sandbox/dump").json()

        answer = api.control("/sandbox/load", "POST", state)

        assert (answer.status_code, bool(answer.json()["message"])) == (400, True)
        assert api.control("/sandbox/dump").json() == before


def test_files_are_dumped_and_loaded_while_nothing_runs(tmp_path: Path) -> None:
    """For their owner alone."""
    target = tmp_path / "state.json"
    with sandbox(tmp_path) as api:
        fill(api)
        before = api.contacts()
    dump_file(tmp_path / "sandbox.db", target)
    load_file(tmp_path / "other" / "sandbox.db", target)

    with sandbox(tmp_path / "other") as api:
        assert api.contacts() == before
    assert target.stat().st_mode & 0o777 == 0o600
    assert "Zoë" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_files_that_are_no_dump_are_named(tmp_path: Path, text: str | None) -> None:
    """One sentence."""
    source = tmp_path / "state.json"
    if text is not None:
        source.write_text(text)

    with pytest.raises(SettingsError):
        load_file(tmp_path / "sandbox.db", source)


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `ac-pipeline sandbox` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ac_pipeline", "sandbox", *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_line_loads_and_dumps(tmp_path: Path) -> None:
    """`--load` begins with what a file holds; `--dump` writes a file and ends."""
    state, source, target = (str(tmp_path / name) for name in ("s.sqlite", "in.json", "out.json"))
    with sandbox(tmp_path) as api:
        api.sync("a@b.com")
        Path(source).write_text(json.dumps(api.control("/sandbox/dump").json()), encoding="utf-8")

    done = command("--state", state, "--load", source, "--dump", target)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(Path(target).read_text())["contacts"][0]["email"] == "a@b.com"


@pytest.mark.parametrize("wrong", [("--switch", "totals"), ("--fault", "slow=7")])
def test_the_command_line_names_wrong_switches_and_faults(tmp_path: Path, wrong: tuple[str, str]) -> None:
    """Before anything is served."""
    done = command("--state", str(tmp_path / "s.sqlite"), *wrong)

    assert (done.returncode, "SettingsError" in done.stderr) == (3, True)
