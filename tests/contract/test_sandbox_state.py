"""What the sandbox keeps through restarts and deaths, and what it refuses to start on."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ac_pipeline.errors import PipelineError, SettingsError
from ac_pipeline.sandbox import SandboxConfig, running, serve
from contract.sandbox_support import sandbox

CHILD = """
import sys
from pathlib import Path
from ac_pipeline.sandbox import SandboxConfig, serve
config = SandboxConfig(Path(sys.argv[1]), rate=1_000_000)
serve(config, on_ready=lambda url: print(url, flush=True))
print("ended", flush=True)
"""


@contextmanager
def child(state: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Run `serve` in a process of its own, killed at the end."""
    command = [sys.executable, "-c", CHILD, str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            with httpx.Client(base_url=f"{url}/api/3", headers={"Api-Token": "sandbox-key"}) as http:
                yield process, http
        finally:
            process.kill()


def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    """Contacts, values, requests and the next ids."""
    with sandbox(tmp_path) as api:
        api.sync("a@b.com", firstName="A", fieldValues=[{"field": api.field("Plan"), "value": "Pro"}])
        api.sync("b@b.com")
        api.delete("/contacts/2")
        before = api.control("/sandbox/contacts").json()

    with sandbox(tmp_path) as api:
        assert api.control("/sandbox/contacts").json() == before
        assert api.control("/sandbox/requests").json()["total"] == 4
        assert api.sync("c@b.com").json()["contact"]["id"] == "3"


def test_kill_9_keeps_acknowledged_writes(tmp_path: Path) -> None:
    """What was answered with 201 is there in the next process."""
    state = tmp_path / "sandbox.db"
    with child(state) as (process, http):
        for number in range(50):
            assert http.post("/contact/sync", json={"contact": {"email": f"c{number}@x.com"}}).status_code == 201
        process.kill()
        process.wait()

    with sandbox(tmp_path) as api:
        assert api.get("/contacts", limit=0).json()["meta"]["total"] == "50"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_on_a_signal_by_returning(tmp_path: Path, number: signal.Signals) -> None:
    """It prints nothing of its own."""
    with child(tmp_path / "sandbox.db") as (process, http):
        assert http.get("/users/me").status_code == 200
        process.send_signal(number)
        output, _ = process.communicate()
        assert (process.returncode, output) == (0, "ended\n")


def test_serve_gives_signals_back(tmp_path: Path) -> None:
    """The handlers of the process are as before once it returned."""
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]

    serve(SandboxConfig(tmp_path / "sandbox.db"), on_ready=lambda _url: signal.raise_signal(signal.SIGTERM))

    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_reset_starts_from_nothing(tmp_path: Path) -> None:
    """Ids begin at 1 again."""
    with sandbox(tmp_path) as api:
        api.sync("a@b.com", fieldValues=[{"field": api.field("Plan"), "value": "Pro"}])
        api.post("/groupMembers", {"groupMember": {"rel_id": 1, "group_id": 1}})
    with sandbox(tmp_path, reset=True) as api:
        assert api.control("/sandbox/requests").json()["total"] == 0
        assert api.control("/sandbox/contacts").json() == {"contacts": []}
        assert len(api.get("/groupDefinitions").json()["groupDefinitions"]) == 3
        assert api.sync("a@b.com").json()["contact"]["id"] == "1"


def test_the_state_file_is_its_owners_alone(tmp_path: Path) -> None:
    """It holds what a real account would."""
    with sandbox(tmp_path / "new" / "folder") as api:
        api.sync("a@b.com")
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new" / "folder").iterdir()}
    assert set(modes.values()) == {0o600}


def test_two_sandboxes_cannot_share_a_file(tmp_path: Path) -> None:
    """The second is told, the first goes on."""
    with sandbox(tmp_path) as api:
        with (
            pytest.raises(PipelineError, match="another sandbox"),
            running(SandboxConfig(tmp_path / "sandbox.db")),
        ):
            pass
        assert api.sync("a@b.com").status_code == 201


def test_a_file_that_is_no_state_is_left_alone(tmp_path: Path) -> None:
    """One sentence instead of a trace."""
    path = tmp_path / "sandbox.db"
    path.write_text("this is a letter, not a database " * 100)

    with pytest.raises(SettingsError, match="no state file"), running(SandboxConfig(path)):
        pass
    assert path.read_text().startswith("this is a letter")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").touch()

    with (
        pytest.raises(SettingsError, match="cannot keep its state"),
        running(SandboxConfig(tmp_path / "file" / "x.db")),
    ):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", "localhost", "", "8.8.8.8"])
def test_only_loopback_is_listened_on(tmp_path: Path, host: str) -> None:
    """Names are refused too: what they mean is decided elsewhere."""
    with pytest.raises(SettingsError, match="this machine only"):
        SandboxConfig(tmp_path / "sandbox.db", host=host)


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """Without touching the other server."""
    with sandbox(tmp_path / "one") as api:
        config = SandboxConfig(tmp_path / "two.db", port=api.sandbox.port)
        with pytest.raises(SettingsError, match=f"port {api.sandbox.port}"), running(config):
            pass
        assert api.get("/users/me").status_code == 200


def test_nothing_is_held_after_the_end(tmp_path: Path) -> None:
    """Port and file are free for the next, also when the body raised."""
    with pytest.raises(ZeroDivisionError), sandbox(tmp_path) as api:
        raise ZeroDivisionError
    with sandbox(tmp_path, port=api.sandbox.port) as again:
        assert again.sandbox.port == api.sandbox.port


def test_the_key_is_in_no_repr(tmp_path: Path) -> None:
    """Neither of the configuration nor of the handle."""
    config = SandboxConfig(tmp_path / "sandbox.db", api_key="planted-key")
    with running(config) as started:
        assert started.api_key == "planted-key"
        assert "planted-key" not in repr(config) + repr(started)


def test_the_end_leaves_one_whole_file(tmp_path: Path) -> None:
    """Readable by any SQLite, without a log beside it."""
    with sandbox(tmp_path) as api:
        api.sync("a@b.com")
    db = sqlite3.connect(tmp_path / "sandbox.db")
    try:
        assert db.execute("select count(*) from contacts").fetchone() == (1,)
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    finally:
        db.close()
    assert [path.name for path in tmp_path.iterdir()] == ["sandbox.db"]
