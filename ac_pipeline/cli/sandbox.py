"""`ac-pipeline sandbox`: a local ActiveCampaign to try things on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ac_pipeline.cli.output import console
from ac_pipeline.settings import load_settings

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0 takes a free one.")]
State = Annotated[Path | None, typer.Option(help="File for its state; by default sandbox.sqlite in the home.")]
Rate = Annotated[int, typer.Option(min=1, help="Requests per second the account allows.")]
Key = Annotated[str, typer.Option(help="The API key it accepts.")]
Reset = Annotated[bool, typer.Option("--reset", help="Forget everything first.")]


def sandbox(
    port: Port = 8025, state: State = None, rate: Rate = 5, api_key: Key = "sandbox-key", reset: Reset = False
) -> None:
    """Run the sandbox until Ctrl-C: it answers like ActiveCampaign and shows what arrived on a web page."""
    from ac_pipeline.home import Home
    from ac_pipeline.sandbox import SandboxConfig, serve

    path = state or Home.at(load_settings().ac_pipeline_home).root / "sandbox.sqlite"

    def ready(url: str) -> None:
        console.print(f"Sandbox: {url} (a page for people). Settings to use it:")
        console.print(f"ACTIVECAMPAIGN_API_URL={url}\nACTIVECAMPAIGN_API_KEY={api_key}", markup=False)
        console.print(f"It allows {rate} requests per second and keeps its state in {path}. Ctrl-C stops it.")

    serve(SandboxConfig(state=path, port=port, rate=rate, api_key=api_key, reset=reset), on_ready=ready)
