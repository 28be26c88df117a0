"""`ac-pipeline send identify|track|page|screen`: one call, to try something or to mend something."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from ac_pipeline.cli.output import console
from ac_pipeline.errors import ATTENTION_EXIT_CODE, InvalidCall

UserIdOption = Annotated[str | None, typer.Option("--user-id", help="The user id, as in the warehouse.")]
Email = Annotated[str | None, typer.Option("--email", help="The e-mail address.")]
Traits = Annotated[list[str] | None, typer.Option("--trait", metavar="NAME=VALUE", help="A trait; may be repeated.")]
Properties = Annotated[
    list[str] | None, typer.Option("--property", metavar="NAME=VALUE", help="A property; may be repeated.")
]
Json = Annotated[
    str | None,
    typer.Option(
        "--json", metavar="FILE",
        help="All arguments as one JSON object, in Segment's words; - reads standard input, which leaves no trace in "
        "the shell's history.",
    ),
]  # fmt: skip
MessageId = Annotated[str | None, typer.Option("--message-id", help="Told once for each of these, for 30 days.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show the requests and write nothing; their contents only on a terminal.")
]
Name = Annotated[str | None, typer.Option("--name", help="Name of the screen.")]
Event = Annotated[str | None, typer.Option("--event", help="Name of the event.")]
AsVisit = Annotated[bool, typer.Option("--as-visit", help="As a page visit, not as the event Viewed Page.")]

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
Arguments = dict[str, object]
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_KNOWN = {
    "identify": {"user_id", "traits", "context", "timestamp", "message_id"},
    "track": {"user_id", "email", "event", "properties", "context", "timestamp", "message_id"},
    "page": {"user_id", "email", "category", "name", "properties", "context", "timestamp", "message_id", "as_event"},
    "screen": {"user_id", "email", "category", "name", "properties", "context", "timestamp", "message_id"},
}
_OF_ALL = {
    "type", "anonymous_id", "integrations", "sent_at", "received_at", "original_timestamp", "version", "channel",
    "_metadata",
}  # fmt: skip
"""What Segment's own messages carry besides, and ActiveCampaign has no place for."""


@app.command("identify")
def identify(
    user_id: UserIdOption = None,
    email: Email = None,
    trait: Traits = None,
    given: Json = None,
    dry_run: DryRun = False,
) -> None:
    """Create or update a contact: email, firstName, lastName, phone, tags, lists, custom fields."""
    traits = _pairs(trait) | ({} if email is None else {"email": email})
    arguments = _arguments("identify", given, user_id=user_id, traits=traits)
    _identified(arguments, dry_run=dry_run)


@app.command("track")
def track(
    user_id: UserIdOption = None,
    email: Email = None,
    event: Event = None,
    properties: Properties = None,
    message_id: MessageId = None,
    given: Json = None,
    dry_run: DryRun = False,
) -> None:
    """Tell an event; the property acValue is its value."""
    said = {"event": event, "properties": _pairs(properties), "message_id": message_id}
    _told("track", _arguments("track", given, user_id=user_id, email=email, **said), dry_run=dry_run)


@app.command("page")
def page(
    user_id: UserIdOption = None,
    email: Email = None,
    properties: Properties = None,
    as_visit: AsVisit = False,
    message_id: MessageId = None,
    given: Json = None,
    dry_run: DryRun = False,
) -> None:
    """Tell a page view; the properties url and referrer say which."""
    said = {"properties": _pairs(properties), "message_id": message_id}
    arguments = _arguments("page", given, user_id=user_id, email=email, **said)
    _told("page", {**arguments, **({"as_event": None} if as_visit else {})}, dry_run=dry_run)


@app.command("screen")
def screen(
    user_id: UserIdOption = None,
    email: Email = None,
    name: Name = None,
    properties: Properties = None,
    message_id: MessageId = None,
    given: Json = None,
    dry_run: DryRun = False,
) -> None:
    """Tell a screen view, as an event of the screen's name."""
    said = {"name": name, "properties": _pairs(properties), "message_id": message_id}
    _told("screen", _arguments("screen", given, user_id=user_id, email=email, **said), dry_run=dry_run)


def _identified(arguments: Mapping[str, object], *, dry_run: bool) -> None:
    from ac_pipeline.calls import connect  # the client and the store are needed only here

    with connect() as account:
        found = account.identify(**arguments, dry_run=dry_run)  # type: ignore[arg-type]
    if dry_run:
        _show([(request.endpoint, request.body) for request in found.requests])
    else:
        console.print(f"Contact {found.contact_id} was told: {', '.join(found.said) or 'nothing new'}.", markup=False)
    for names, why in (
        (found.left_alone, "left alone: no value (nulls: keep)"),
        (found.ignored, "ignored: reserved traits that ActiveCampaign has no place for"),
        (found.declared, "the warehouse declares these: the next sync sets them to what it says"),
    ):
        if names:
            console.print(f"{', '.join(names)}  {why}", markup=False)
    for name, reason in found.not_subscribed.items():
        console.print(f"{name}  not subscribed: {reason}", markup=False)


def _told(call: str, arguments: Mapping[str, object], *, dry_run: bool) -> None:
    from ac_pipeline.calls import Told, connect

    with connect() as account:
        methods: Mapping[str, Callable[..., Told]] = {
            "track": account.track, "page": account.page, "screen": account.screen,
        }  # fmt: skip
        found = methods[call](**arguments, dry_run=dry_run)
    if dry_run:
        _show([(request.endpoint, request.body) for request in found.requests])
        return
    why = f" ({found.reason})" if found.reason else ""
    console.print(f"{found.state.value}{why}, message id {found.message_id}", markup=False)
    if not found.sent:
        console.print("It is kept: the next sync looks after it.")
        raise typer.Exit(ATTENTION_EXIT_CODE)


def _show(requests: list[tuple[str, str]]) -> None:
    """Show what a dry run would send; what it says of a person only to whom has typed it."""
    terminal = sys.stdout.isatty()
    for endpoint, body in requests:
        console.print(f"{endpoint}  {body}" if terminal and body else endpoint, markup=False, highlight=False)
    if not requests:
        console.print("Nothing would be sent.")
    elif not terminal:
        console.print("What they say is shown on a terminal only.")


def _arguments(call: str, given: str | None, **said: object) -> Arguments:
    """Return a call's arguments: those of the JSON object, and what options say besides. Raises InvalidCall."""
    arguments = {} if given is None else _read(call, given)
    for name, value in said.items():
        if isinstance(value, dict):
            known = arguments.get(name)
            merged = {**(known if isinstance(known, dict) else {}), **value}
            arguments |= {name: merged} if merged else {}
        elif value is not None:
            arguments[name] = value
    return arguments


def _read(call: str, given: str) -> Arguments:
    try:
        text = sys.stdin.read() if given == "-" else Path(given).read_text(encoding="utf-8")
        found = json.loads(text)
        json.dumps(found, ensure_ascii=False).encode()  # half a character can be written in JSON, and not sent
    except (OSError, ValueError, RecursionError):
        raise InvalidCall(
            "What --json names cannot be read as JSON.", "Give one object; - is standard input."
        ) from None
    if not isinstance(found, dict):
        raise InvalidCall("What --json names is no JSON object.", 'Give one object: {"userId": …, "traits": {…}}')
    arguments = {_HUMP.sub("_", name).lower(): value for name, value in found.items()}
    if unknown := sorted(arguments.keys() - _KNOWN[call] - _OF_ALL):
        raise InvalidCall(f"{call} has no {', '.join(unknown)}.", f"It has: {', '.join(sorted(_KNOWN[call]))}.")
    return {name: value for name, value in arguments.items() if name in _KNOWN[call]}


def _pairs(given: list[str] | None) -> Arguments:
    """Read NAME=VALUE; a value that is JSON (a number, a truth, a list) is that, anything else is text."""
    found: Arguments = {}
    for pair in given or []:
        name, separator, value = pair.partition("=")
        if not separator or not name.strip():
            raise InvalidCall("An option is not written as NAME=VALUE.", "For instance: --trait firstName=Ann")
        try:
            found[name.strip()] = json.loads(value)
        except (ValueError, RecursionError):
            found[name.strip()] = value
    return found
