"""`ac-pipeline sandbox`: a local ActiveCampaign to try things on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ac_pipeline.cli.output import console
from ac_pipeline.errors import SettingsError
from ac_pipeline.settings import load_settings

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0 takes a free one.")]
State = Annotated[Path | None, typer.Option(help="File for its state; by default sandbox.sqlite in the home.")]
Rate = Annotated[int, typer.Option(min=1, help="Requests per second the account allows.")]
Key = Annotated[str, typer.Option(help="The API key it accepts.")]
Latency = Annotated[float, typer.Option(min=0, help="Seconds every answer takes longer.")]
Seed = Annotated[int, typer.Option(help="Decides what looks random, such as which requests fail.")]
SwitchOption = Annotated[
    list[str] | None,
    typer.Option(
        "--switch", help="name=value, where it is not known what the service does; GET /sandbox/switches has all."
    ),
]
FaultOption = Annotated[
    list[str] | None,
    typer.Option("--fault", help="What goes wrong: kind, kind=rate or kind*count, then @/path/template or nothing."),
]
Reset = Annotated[bool, typer.Option("--reset", help="Forget everything first.")]
Load = Annotated[Path | None, typer.Option(help="Begin with the account in this JSON file.")]
Dump = Annotated[Path | None, typer.Option(help="Write the account to this JSON file and end.")]


def sandbox(
    port: Port = 8025,
    state: State = None,
    rate: Rate = 5,
    api_key: Key = "sandbox-key",
    latency: Latency = 0.0,
    seed: Seed = 0,
    switch: SwitchOption = None,
    fault: FaultOption = None,
    reset: Reset = False,
    load: Load = None,
    dump: Dump = None,
) -> None:
    """Run the sandbox until Ctrl-C: it answers like ActiveCampaign and shows what arrived on a web page."""
    from ac_pipeline.home import Home
    from ac_pipeline.sandbox import SandboxConfig, Switches, dump_file, load_file, read_rule, serve

    path = state or Home.at(load_settings().ac_pipeline_home).root / "sandbox.sqlite"
    config = SandboxConfig(
        state=path,
        port=port,
        rate=rate,
        api_key=api_key,
        latency=latency,
        seed=seed,
        switches=Switches().changed(dict(_pair(text) for text in switch or ())),
        faults=tuple(read_rule(text) for text in fault or ()),
        reset=reset and load is None,
    )
    if load is not None:
        load_file(path, load)
    if dump is not None:
        dump_file(path, dump)
        return

    def ready(url: str) -> None:
        console.print(f"Sandbox: {url} (a page for people). Settings to use it:")
        console.print(f"ACTIVECAMPAIGN_API_URL={url}\nACTIVECAMPAIGN_API_KEY={api_key}", markup=False)
        tracking = f"ACTIVECAMPAIGN_TRACKING_URL={url}\nACTIVECAMPAIGN_ACTID={config.actid}"
        console.print(f"{tracking}\nACTIVECAMPAIGN_EVENT_KEY={config.event_key}", markup=False)
        console.print(f"It allows {rate} requests per second and keeps its state in {path}. Ctrl-C stops it.")

    serve(config, on_ready=ready)


def _pair(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SettingsError(f"{text} is no switch.", "Write for example totals=number.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
