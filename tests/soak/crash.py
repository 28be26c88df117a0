"""Syncs that are killed, again and again, and what must be true after each one that was let run to its end."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pipeline.pipeline_support import Company
from soak.dagster_tree import DagsterTree
from soak.figures import Figures
from soak.kills import Kill, Trigger, Watch
from soak.plan import Cycle
from soak.service import Rule, SandboxProcess, sandbox_process
from soak.wire import Moment, Wire, wire_to
from soak.world import LIST, PROJECT, World

RATE = 25
SHARE = 0.95
IN_FLIGHT = 25
"""Requests the client has under way at most at that pace: ⌈rate × share⌉ + 1."""
LATENCY = 0.2
"""Seconds to each answer, so that about five requests are under way."""
PATIENCE = 180
SYNCS = 12
"""After so many that were not killed the account must be equal."""
AWAY = 0.7
"""Seconds for which a killed sandbox is away."""
DONE, ATTENTION, UNAVAILABLE = 0, 11, 7

RATES: dict[str, float] = {
    "throttled": 0.003, "throttled_bare": 0.002, "throttled_503": 0.002, "unavailable": 0.002,
    "server_error": 0.005, "bad_gateway": 0.005, "gateway_timeout": 0.01, "slow": 0.03,
    "dropped_before": 0.005, "dropped_after": 0.01, "reset_before": 0.005, "reset_after": 0.01,
    "hangs_before": 0.005, "hangs_after": 0.01, "cut_off": 0.005, "truncated": 0.005, "empty_answer": 0.005,
}  # fmt: skip
FAULTS: tuple[Rule, ...] = tuple({"kind": kind, "rate": rate, "seconds": 0.3} for kind, rate in RATES.items())
"""What goes wrong meanwhile; the first that is drawn happens."""


class Trial:
    """One company and one account, through many cycles: change, be killed, finish, compare."""

    def __init__(
        self,
        root: Path,
        sandbox: SandboxProcess,
        wire: Wire,
        *,
        seed: str,
        people: int,
        changes: int,
        labels: bool,
        imports: bool,
    ) -> None:
        self.company = Company(root / "company", f"http://127.0.0.1:{wire.own_port}", rate=RATE)
        self.world = World(self.company, seed, people, labels=labels, imports=imports)
        self.figures = Figures()
        self._sandbox, self._wire, self._changes = sandbox, wire, changes
        self._done: dict[str, tuple[int | None, bool]] = {}
        """What the service did in this window → number of the kill after that (None: no kill), whether it said so."""
        self._length = 4.0
        """Seconds a sync takes, roughly: random moments are parts of it."""

    def run(self, cycle: Cycle) -> None:
        """Do what a plan says."""
        if cycle.tree is not None:
            self.kill_tree(*cycle.tree)
        elif cycle.sandbox is not None:
            self.kill_sandbox(cycle.sandbox)
        else:
            self.cycle(cycle.kills, supersede=cycle.supersede)

    def cycle(self, kills: Sequence[Kill], *, supersede: bool = False) -> None:
        """Change people, kill syncs, finish, compare. With `supersede` data change between two kills."""
        self.world.churn(self._changes)
        self._done.clear()
        for number, kill in enumerate(kills):
            if number and supersede:
                self.world.churn(self._changes // 4)
                self._done.clear()
                self.figures.superseded += 1
            self._killed(kill)
        self._finish()

    def kill_tree(self, number: int, moment: Moment) -> None:
        """Change people, sync as a Dagster run, and kill Dagster with all it started; finish, compare."""
        self.world.churn(self._changes)
        self._done.clear()
        self._wire.forget()
        with DagsterTree(self.company) as tree:
            struck, seen = threading.Event(), list[tuple[int, frozenset[str]]]()

            def strike() -> None:
                seen.append((len(self._wire.under_way()), self._wire.answered()))
                tree.kill()
                struck.set()

            self._wire.at(number, moment, strike)
            tree.launch(self.company.window().key)
            if struck.wait(PATIENCE):
                self.figures.trees[moment] += 1
                self._note_kill(*seen[0])
            else:
                self.figures.missed[Trigger.RANDOM] += 1
        self._finish()

    def kill_sandbox(self, kill: Kill) -> None:
        """Change people and kill the account's server during a sync; it is back soon; finish, compare."""
        self.world.churn(self._changes)
        self._done.clear()
        back = threading.Event()
        watch = self._start(
            kill, fire=lambda: threading.Thread(target=self._outage, args=(back,)).start(), deadly=False
        )
        self.figures.codes[watch.wait(PATIENCE)] += 1
        self._take_note_of_requests()
        if watch.phase is None:
            self.figures.missed[kill.trigger] += 1
        else:
            assert back.wait(PATIENCE)
            self.figures.sandboxes[watch.phase] += 1
        self._finish()

    def _outage(self, back: threading.Event) -> None:
        self._wire.close()
        self._sandbox.kill()
        time.sleep(AWAY)
        self._sandbox.start()
        self._wire.open()
        back.set()

    def _killed(self, kill: Kill) -> None:
        if kill.trigger is Trigger.RANDOM:
            kill = replace(kill, seconds=kill.seconds * self._length)
        watch = self._start(kill)
        code = watch.wait(PATIENCE)
        if watch.phase is None:
            self.figures.missed[kill.trigger] += 1
            self.figures.codes[code] += 1
            self._take_note_of_requests()
            return
        self.figures.hits[kill.trigger, watch.phase] += 1
        self._note_kill(watch.under_way, watch.answered)

    def _note_kill(self, under_way: int, answered: frozenset[str]) -> None:
        self.figures.repeats.append(0)
        self.figures.answered_again.append(0)
        self.figures.under_way.append(under_way)
        # Requests the service has are handled, whoever asked; the next sync is not to overtake them.
        until = time.monotonic() + PATIENCE
        while self._wire.under_way() and time.monotonic() < until:
            time.sleep(0.02)
        self._take_note_of_requests(len(self.figures.repeats) - 1, answered)

    def _take_note_of_requests(self, kill: int | None = None, answered: frozenset[str] = frozenset()) -> None:
        """Count what was sent again, then remember what was done."""
        exchanges = [one for one in self._wire.exchanges if one.writes]
        self.figures.requests += len(self._wire.exchanges)
        for about in {one.about for one in exchanges} & set(self._done):
            number, told = self._done.pop(about)
            if number is None:
                self.figures.needless += 1
                self._fail(f"{about.split()[0]} was sent again after a sync that ended by itself")
            else:
                self.figures.repeats[number] += 1
                self.figures.answered_again[number] += told
        self._done |= {one.about: (kill, one.about in answered) for one in exchanges if one.success}
        self._wire.forget()

    def _finish(self) -> None:
        for number in range(1, SYNCS + 1):
            begun = time.monotonic()
            watch = self._start(None)
            code = watch.wait(PATIENCE)
            self.figures.codes[code] += 1
            self._length = 0.5 * self._length + 0.5 * (time.monotonic() - begun)
            self._take_note_of_requests()
            if code == DONE:
                self.figures.finished.append(number)
                break
            if code not in (ATTENTION, UNAVAILABLE):
                self._fail(f"a sync ended with exit code {code}: {watch.lines[-3:]}")
                return
        else:
            self._fail(f"not done after {SYNCS} syncs")
        self._compare()

    def _compare(self) -> None:
        contacts = self._sandbox.contacts()
        self.figures.compared += len(contacts)
        for user, text in self.world.differences(contacts):
            self._fail(f"user {user} {text}")
        most = max(self.figures.repeats, default=0)
        if most > IN_FLIGHT:
            self._fail(f"{most} requests were sent again after one kill")

    def idle(self) -> None:
        """Sync once more: nothing is due, so nothing is asked."""
        watch = self._start(None)
        code = watch.wait(PATIENCE)
        self.figures.idle += 1
        if code != DONE or self._wire.exchanges:
            self._fail(f"a sync without anything due ended with {code} after {len(self._wire.exchanges)} requests")
        self._wire.forget()

    def _fail(self, text: str) -> None:
        said = f"window {self.company.window().key}: {text}"
        self.figures.failures.append(said)
        print(said, flush=True)  # at once: a run that is ended has said what it found

    def _start(self, kill: Kill | None, fire: object = None, *, deadly: bool = True) -> Watch:
        self._wire.forget()
        process = self.company.start_sync("--no-dbt", PYTHONPATH=str(PROJECT), ACTIVECAMPAIGN_RATE_SHARE=str(SHARE))
        action = fire if callable(fire) else process.kill
        return Watch(process, self.company.home, self._wire, kill, action, deadly)


@contextmanager
def trial(
    root: Path,
    *,
    seed: str,
    people: int,
    changes: int,
    rules: Sequence[Rule] = FAULTS,
    labels: bool = False,
    imports: bool = False,
) -> Iterator[Trial]:
    """Run a company's account, and tell it about everybody for the first time, without faults.

    With `labels` one audience is a tag too, and one a list; with `imports` most goes by bulk import.
    """
    root.mkdir(parents=True, exist_ok=True)
    number = random.Random(seed).randrange(10**6)
    with sandbox_process(root / "state.sqlite", seed=number, latency=LATENCY) as sandbox, wire_to(sandbox.port) as wire:
        if labels:
            sandbox.create_list(LIST)
        made = Trial(root, sandbox, wire, seed=seed, people=people, changes=changes, labels=labels, imports=imports)
        made.cycle([])
        assert not made.figures.failures, made.figures.failures
        made.figures = Figures()
        sandbox.obey(rules)
        yield made
