"""What can go wrong, named by what happens next.

PipelineError                 one paragraph for a person; never a stack trace
├── SettingsError             exit 3   a setting is missing or malformed
├── DeclarationsError         exit 4   files in the assets folder have faults
├── WarehouseError            exit 5   the warehouse cannot be reached or refuses
├── OwnerMustAct              exit 6   ActiveCampaign refuses the key, the plan or the permission: stop
├── ServiceUnavailable        exit 7   ActiveCampaign cannot be reached now: try again later
├── StoreBusy                 exit 8   another process holds the store
├── WrongAccount              exit 9   the home belongs to another account
├── Inconsistent              exit 10  our own state does not add up: stop, send nothing
├── UnknownName               exit 12  no such declaration, window, file, contact or automation
├── QueryError                exit 13  the SQL given to `query` does not run
├── InvalidCall               exit 14  the arguments of a call cannot be sent; nothing was
└── ContactRefused            exit 15  ActiveCampaign, or a rule of ours, refuses this contact; others can be sent

Exit code 11 is no error: a run finished, and something waits for a person
(a held declaration, a declaration that failed, rejected contacts).
"""

from __future__ import annotations

from typing import ClassVar

ATTENTION_EXIT_CODE = 11


class PipelineError(Exception):
    """A failure a person can act upon: `message` says what is wrong, `hint` what to do."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class SettingsError(PipelineError):
    """A setting is missing or malformed; the message names all of them."""

    exit_code = 3


class DeclarationsError(PipelineError):
    """Files in the assets folder have faults; the message lists every one."""

    exit_code = 4


class WarehouseError(PipelineError):
    """The warehouse cannot be reached, or refuses the connection."""

    exit_code = 5


class OwnerMustAct(PipelineError):
    """ActiveCampaign refuses the key, the plan or the permission; trying again cannot help."""

    exit_code = 6


class ServiceUnavailable(PipelineError):
    """ActiveCampaign did not answer usefully after several tries; a later run continues."""

    exit_code = 7


class StoreBusy(PipelineError):
    """Another process holds the store of this home; the message names it."""

    exit_code = 8


class WrongAccount(PipelineError):
    """The home is bound to one ActiveCampaign account and the settings name another."""

    exit_code = 9


class Inconsistent(PipelineError):
    """Our own state does not add up; nothing is sent."""

    exit_code = 10


class UnknownName(PipelineError):
    """Somebody named a declaration, window, file, contact or automation that does not exist."""

    exit_code = 12


class QueryError(PipelineError):
    """The SQL a person gave to `query` does not run."""

    exit_code = 13


class InvalidCall(PipelineError):
    """What a script gave a call cannot be sent; the message names every fault, and no value."""

    exit_code = 14


class ContactRefused(PipelineError):
    """ActiveCampaign refuses this contact, or a rule of ours keeps it from being told; others can be."""

    exit_code = 15
