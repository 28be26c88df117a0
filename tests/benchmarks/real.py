"""The same pace in real time: the client against the sandbox, another process, over real HTTP."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from pydantic import SecretStr

from ac_pipeline.activecampaign import ActiveCampaign, connect
from ac_pipeline.model.delivery import Outcome
from ac_pipeline.sandbox import SandboxConfig, serve

RATES, LATENCY, SECONDS = (5, 50), 0.3, 60


@dataclass(frozen=True)
class RealResult:
    """`used` is the share of the sandbox's rate, `refused` of the requests; `load` is the machine's, per core."""

    rate: int
    requests: int
    used: float
    refused: float
    load: float


def measure(rate: int) -> RealResult:
    """Sync contacts at full share for SECONDS."""
    with tempfile.TemporaryDirectory() as folder:
        config = SandboxConfig(Path(folder) / "sandbox.db", rate=rate, latency=LATENCY)
        with sandbox(config) as url:
            return asyncio.run(_send(url, config.api_key, rate))


@contextmanager
def sandbox(config: SandboxConfig) -> Iterator[str]:
    """Run a sandbox in a process of its own and return its URL."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(config, theirs))
    process.start()
    try:
        if not ours.poll(30):
            raise TimeoutError("the sandbox did not start")
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _serve(config: SandboxConfig, ready: Connection) -> None:
    serve(config, on_ready=ready.send)


async def _send(url: str, key: str, rate: int) -> RealResult:
    answered: list[float] = []
    numbers = iter(range(rate * SECONDS))

    async def worker(client: ActiveCampaign) -> None:
        for number in numbers:
            answer = await client.sync_contact(f'{{"contact":{{"email":"n{number}@example.com"}}}}')
            assert answer.outcome is Outcome.ACKNOWLEDGED
            answered.append(time.monotonic())

    async with connect(url, SecretStr(key), rate=rate, share=1.0) as client:
        await asyncio.gather(*(worker(client) for _ in range(client.calls)))
        made = sum(client.requests.values())
    used = (len(answered) - 1) / (answered[-1] - answered[0]) / rate
    return RealResult(rate, made, used, 1 - len(answered) / made, os.getloadavg()[0] / (os.cpu_count() or 1))
