"""The commands, and how an error reaches a person: one paragraph and an exit code, never a stack trace."""

from __future__ import annotations

import logging
import signal
import sys
from types import FrameType

import typer

from ac_pipeline.cli import (
    check,
    demo,
    init,
    plan,
    query,
    release,
    report,
    resend,
    retire,
    retry,
    sandbox,
    send,
    status,
    sync,
    why,
)
from ac_pipeline.cli.output import errors
from ac_pipeline.errors import PipelineError

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C or SIGTERM ended."""

app = typer.Typer(
    name="ac-pipeline",
    help="Warehouse audiences and computed traits, kept true in ActiveCampaign.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("init")(init.init)
app.command("check")(check.check)
app.command("plan")(plan.plan)
app.command("sync")(sync.sync)
app.command("status")(status.status)
app.command("why")(why.why)
app.command("query")(query.query)
app.command("report")(report.report)
app.command("release")(release.release)
app.command("retire")(retire.retire)
app.command("retry")(retry.retry)
app.command("resend")(resend.resend)
app.add_typer(send.app, name="send", help="Make one call by itself: identify, track, page or screen.")
app.command("sandbox")(sandbox.sandbox)
app.command("demo")(demo.demo)
app.command("dev")(demo.dev)


@app.callback()
def _options(verbose: bool = typer.Option(False, "--verbose", "-v", help="Say every decision.")) -> None:
    handler = logging.StreamHandler()
    # On the handler, because libraries set levels of their own on their loggers.
    handler.setLevel(logging.INFO if verbose else logging.ERROR)
    logging.basicConfig(level=handler.level, format="%(levelname)s %(message)s", handlers=[handler])


def main() -> None:
    """Run the command line. Termination is a pause, like Ctrl-C: what was answered stays recorded."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        app()
    except PipelineError as error:
        errors.print(f"[bold red]{type(error).__name__}[/]  {_plain(error.message)}")
        if error.hint:
            errors.print(_plain(error.hint))
        sys.exit(error.exit_code)
    except SystemExit as ended:  # Typer makes one of a KeyboardInterrupt, and says nothing
        if ended.code == INTERRUPTED:
            errors.print("Stopped. What was answered is recorded; what was not is sent again next time.")
        raise


def _terminated(_signal: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does: while requests are under way that is to cancel them in order, not to raise among them."""
    interrupt = signal.getsignal(signal.SIGINT)
    if not callable(interrupt):
        raise KeyboardInterrupt
    interrupt(signal.SIGINT, frame)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
