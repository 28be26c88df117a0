"""The guard: a suspicious result is held, and the last approved members stay desired."""

from __future__ import annotations

from ac_pipeline.model.declaration import Guard
from ac_pipeline.store.desired import Step


def verdict(guard: Guard, step: Step) -> str | None:
    """Return why a new result is held, or None when it may become desired."""
    if step.before == 0:
        return None
    if step.after == 0:
        return f"returned nothing, after {step.before} contacts before"
    share = step.exits / step.before
    if step.before >= guard.min_members and share > guard.max_exit_share:
        return (
            f"{step.exits} of {step.before} contacts would leave ({share:.0%}; the limit is {guard.max_exit_share:.0%})"
        )
    return None
