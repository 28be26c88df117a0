"""The sandbox as a process of its own, that can be killed and come back with what it has on disk."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from pipeline.pipeline_support import KEY, PATIENCE
from soak.world import PROJECT, Contact

SWIFT = {"bulk_latency": 0.3, "bulk_hidden": 0.1}
"""Imports of the account are over soon."""

Rule = Mapping[str, object]
"""A fault, as the sandbox's control API takes it."""


@dataclass
class SandboxProcess:
    """One account; `state` is its file. The faults in force are told anew after a restart, drawn differently."""

    state: Path
    rate: int = 1000
    latency: float = 0.02
    seed: int = 0
    port: int = 0
    rules: Sequence[Rule] = ()
    switches: Mapping[str, object] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """The API URL."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, on the port of the last time if there was one, and wait until it answers."""
        options = ["--port", self.port, "--state", self.state, "--rate", self.rate, "--latency", self.latency]
        options += ["--seed", self.seed, "--api-key", KEY]
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "ac_pipeline", "sandbox", *map(str, options)],
            cwd=self.state.parent, env={"PYTHONPATH": str(PROJECT), "COLUMNS": "240"}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        assert said.startswith("Sandbox: "), said
        self.port = int(said.split()[1].rsplit(":", 1)[1])
        self.seed += 1
        self.obey(self.rules, self.switches)

    def kill(self) -> None:
        """End it without warning."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def obey(self, rules: Sequence[Rule], switches: Mapping[str, object] | None = None) -> None:
        """Put faults in force, and switches if any are given."""
        self.rules = rules
        self._ask("PUT", "/sandbox/faults", list(rules))
        if switches is not None:
            self.switches = switches
            self._ask("DELETE", "/sandbox/switches")
            self._ask("PUT", "/sandbox/switches", {**SWIFT, **switches})

    def hits(self) -> int:
        """Return how many requests a fault has hit since the faults were put in force."""
        return sum(int(rule["hit"]) for rule in self._ask("GET", "/sandbox/faults"))

    def throttled(self) -> int:
        """Return how many requests were refused for coming too fast since the last `forget`."""
        return int(self._ask("GET", "/sandbox/requests?limit=0")["throttled"])

    def forget(self) -> None:
        """Count requests from 0."""
        self._ask("DELETE", "/sandbox/requests")

    def counts(self) -> dict[str, int]:
        """Return requests by endpoint since the last `forget`, throttled ones included."""
        return dict(self._ask("GET", "/sandbox/requests?limit=0")["counts"])

    def create_list(self, name: str) -> None:
        """Make a list, as a marketer would."""
        body = {
            "list": {
                "name": name,
                "stringid": name.lower(),
                "sender_url": "https://example.com",
                "sender_reminder": "x",
            }
        }
        httpx.post(f"{self.url}/api/3/lists", json=body, headers={"Api-Token": KEY}).raise_for_status()

    def contacts(self) -> list[Contact]:
        """Return everybody, flat."""
        return [_flat(contact) for contact in self._ask("GET", "/sandbox/contacts")["contacts"]]

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        return httpx.request(method, self.url + path, json=body, timeout=PATIENCE).raise_for_status().json()

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.communicate(timeout=PATIENCE)
            self._process = None


@contextmanager
def sandbox_process(state: Path, **config: Any) -> Iterator[SandboxProcess]:
    """Run an account in a process of its own."""
    sandbox = SandboxProcess(state, **config)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.kill()


def _flat(contact: Mapping[str, Any]) -> Contact:
    standard = {name: contact[name] for name in ("email", "first_name", "last_name", "phone") if contact[name]}
    fields = {f"field {title}": str(value) for title, value in contact["fields"].items()}
    tags = {f"tag {name}": "1" for name in contact["tags"]}
    lists = {f"list {name}": str(status) for name, status in contact["lists"].items()}
    return {**standard, **fields, **tags, **lists}
