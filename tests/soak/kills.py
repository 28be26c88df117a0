"""When a sync is killed, and where that hit it, as far as can be told from outside."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from soak.wire import Moment, Wire
from soak.world import DECLARED

GLANCE = 0.001
"""Seconds between looks at the files of the home."""


class Trigger(StrEnum):
    """What a kill waits for."""

    LINE = "line of the log"
    STORE = "change of the store's files"
    PUBLISH = "version of the published copy"
    ARRIVED = "request arrives"
    UNDER_WAY = "request is being handled"
    ANSWERED = "answer is on its way"
    DELIVERED = "answer was delivered"
    RANDOM = "random moment"


REQUESTS = {
    Trigger.ARRIVED: Moment.ARRIVED,
    Trigger.UNDER_WAY: Moment.UNDER_WAY,
    Trigger.ANSWERED: Moment.ANSWERED,
    Trigger.DELIVERED: Moment.DELIVERED,
}


@dataclass(frozen=True)
class Kill:
    """SIGKILL at the `number`-th occurrence of what it waits for, or `seconds` later; RANDOM counts from the start."""

    trigger: Trigger
    number: int = 1
    seconds: float = 0.0


class Phase(StrEnum):
    """What a sync was doing."""

    STARTING = "starting: imports, opening the store, recovery"
    EXTRACTING = "extracting"
    JUDGING = "snapshot, history, judging"
    PUBLISHING = "publishing"
    PLANNING = "reconcile and plan"
    SETTING_UP = "account and catalog, no contact yet"
    BEFORE = "before the service saw a request, its attempt durable"
    DURING = "request under way"
    ANSWERED = "answer under way to the client"
    UNRECORDED = "answer delivered, the store unchanged since"
    BETWEEN = "between requests, the last answer recorded"
    CLOSING = "after the last publishing"


@dataclass
class Watch:
    """One sync in a process of its own, and what was seen of it. `fire` is what its kill does."""

    process: subprocess.Popen[str]
    home: Path
    wire: Wire
    kill: Kill | None
    fire: Callable[[], None]
    deadly: bool = True
    """Whether what it does ends the sync."""
    lines: list[str] = field(default_factory=list)
    phase: Phase | None = None
    """Where the kill hit; None when it came too late or was none."""
    under_way: int = 0
    """Requests whose answer had not been delivered when the kill hit."""
    answered: frozenset[str] = frozenset()
    """What had been answered with success by then."""
    store_changes: int = 0
    _versions: set[str] = field(default_factory=set)
    _once: threading.Lock = field(default_factory=threading.Lock)
    _recorded: tuple[int, ...] = ()
    """The store's files when the last answer was delivered."""

    def __post_init__(self) -> None:
        self._versions = self._published()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._read_log, self._look_at_files)]
        self.wire.on_delivery = self._delivered
        if self.kill is None:
            return
        if self.kill.trigger in REQUESTS:
            self.wire.at(self.kill.number, REQUESTS[self.kill.trigger], self.hit, self.kill.seconds)
        if self.kill.trigger is Trigger.RANDOM:
            timer = threading.Timer(self.kill.seconds, self.hit)
            timer.daemon = True
            timer.start()

    def wait(self, patience: float) -> int:
        """Wait until it ended; return its exit code. No stack trace may have been shown."""
        for thread in self._threads:
            thread.start()
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        for thread in self._threads:
            thread.join()
        assert self.process.stdout is not None
        said = "".join(self.lines) + self.process.stdout.read()
        self.process.stdout.close()
        assert "Traceback" not in said, said
        if self.deadly and code != -signal.SIGKILL:
            self.phase = None
        return code

    def hit(self) -> None:
        """Fire, once, and note where that was."""
        if not self._once.acquire(blocking=False) or self.process.poll() is not None:
            return
        self.phase, self.under_way, self.answered = self._where(), len(self.wire.under_way()), self.wire.answered()
        self.fire()

    def _where(self) -> Phase:
        extracted = sum("rows extracted" in line for line in list(self.lines))
        new = self._published() - self._versions
        if extracted < DECLARED:
            return Phase.EXTRACTING if extracted else Phase.STARTING
        if not new:
            return Phase.JUDGING
        if (self.home / "ac_pipeline.duckdb").resolve().name != max(new):
            return Phase.PUBLISHING
        return self._where_in_delivery(closing=len(new) > 1)

    def _where_in_delivery(self, *, closing: bool) -> Phase:
        moments = [exchange.moment for exchange in self.wire.under_way()]
        exchanges = list(self.wire.exchanges)
        if not exchanges:
            return Phase.CLOSING if closing else Phase.PLANNING
        if not any(exchange.about.startswith("identify") for exchange in exchanges):
            return Phase.SETTING_UP
        if closing:
            return Phase.CLOSING
        if self.kill is not None and self.kill.trigger is Trigger.ARRIVED:
            return Phase.BEFORE
        if moments:
            return Phase.ANSWERED if max(moments) is Moment.ANSWERED else Phase.DURING
        return Phase.UNRECORDED if self._store() == self._recorded else Phase.BETWEEN

    def _delivered(self) -> None:
        """Note how the store looks at the moment an answer is delivered."""
        self._recorded = self._store()

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for line in stream:
                self.lines.append(line)
                self._counted(Trigger.LINE, len(self.lines))

    def _look_at_files(self) -> None:
        before, versions = self._store(), 0
        gone = threading.Event()
        while self.process.poll() is None and not gone.wait(GLANCE):
            now = self._store()
            if now != before:
                before = now
                self.store_changes += 1
                self._counted(Trigger.STORE, self.store_changes)
            seen = len(self._published() - self._versions)
            if seen != versions:
                versions = seen
                self._counted(Trigger.PUBLISH, seen)

    def _counted(self, trigger: Trigger, number: int) -> None:
        kill = self.kill
        if kill is None or kill.trigger is not trigger or kill.number != number:
            return
        if kill.seconds:
            threading.Timer(kill.seconds, self.hit).start()
        else:
            self.hit()

    def _store(self) -> tuple[int, ...]:
        """Size and time of the store and its log of changes: every durable step moves one of them."""
        found: list[int] = []
        for name in ("store.duckdb", "store.duckdb.wal"):
            try:
                stat = (self.home / name).stat()
            except FileNotFoundError:
                found += [0, 0]
                continue
            found += [stat.st_size, stat.st_mtime_ns]
        return tuple(found)

    def _published(self) -> set[str]:
        return {path.name for path in (self.home / "published").glob("*.duckdb")}
