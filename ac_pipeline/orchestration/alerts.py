"""What people are told: one message for each change of state, never one for each row or each tick."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace


@dataclass(frozen=True, slots=True)
class State:
    """What is wrong at a moment, and what was told of it. Texts say why; they are free of personal data."""

    failed: str = ""
    """Why the last sync failed; empty when it did not."""
    held: Mapping[str, str] = field(default_factory=dict)
    """Declaration → why it is held."""
    late: str = ""
    """What has waited too long; empty when nothing has."""

    def dump(self) -> str:
        """Return it as the sensor's cursor keeps it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def load(cls, cursor: str | None) -> State:
        """Read a cursor; without one, or with one that nobody understands any more, nothing was told yet."""
        try:
            said = json.loads(cursor or "{}")
            held = {str(key): str(reason) for key, reason in dict(said.get("held", {})).items()}
            return cls(str(said.get("failed", "")), held, str(said.get("late", "")))
        except (ValueError, TypeError, AttributeError):
            return cls()


@dataclass(frozen=True, slots=True)
class Message:
    """What to say, and what was told once it is said."""

    text: str
    then: State


def changes(told: State, now: State) -> list[Message]:
    """Return the messages that lead from what was told to what is; none when nothing changed.

    A reason that only reads differently is no change: a sync that goes on failing fails still.
    """
    messages: list[Message] = []

    def say(text: str, **changed: object) -> None:
        before = messages[-1].then if messages else told
        messages.append(Message(f"ac-pipeline: {text}", replace(before, **changed)))  # type: ignore[arg-type]

    if now.failed and not told.failed:
        say(f"the sync failed: {now.failed}", failed=now.failed)
    if told.failed and not now.failed:
        say("the sync works again.", failed="")
    new = {key: reason for key, reason in now.held.items() if key not in told.held}
    gone = sorted(told.held.keys() - now.held.keys())
    if new:
        reasons = "; ".join(f"{key}: {reason}" for key, reason in sorted(new.items()))
        say(
            f"held, and waiting for a person: {reasons}. The last approved members stay. If the new result is right: "
            "the job `release` in Dagster, or `ac-pipeline release KEY`.",
            held={**told.held, **new},
        )
    if gone:
        say(f"no longer held: {', '.join(gone)}.", held={key: now.held[key] for key in sorted(now.held)})
    if now.late and not told.late:
        say(f"{now.late}.", late=now.late)
    if told.late and not now.late:
        say("nothing waits too long any more.", late="")
    return messages
