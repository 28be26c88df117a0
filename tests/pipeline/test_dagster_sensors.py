"""Alerts to a webhook, one for each change of state, and the delivery of what has waited too long."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dagster as dg
import pytest
from pydantic import SecretStr

from ac_pipeline.home import Home
from ac_pipeline.orchestration.build import build_definitions
from ac_pipeline.orchestration.names import DELIVER, JOB
from ac_pipeline.settings import Settings
from ac_pipeline.store.lock import held_lock
from ac_pipeline.sync import approval
from ac_pipeline.sync.session import open_session
from pipeline.pipeline_support import KEY, Company, Service

SECRET = "T0/B0/secret-token"


@dataclass
class Receiver:
    """A local webhook: what it was told, and what it answers."""

    port: int = 0
    status: int = 200
    texts: list[str] = field(default_factory=list)

    def take(self) -> list[str]:
        """Return what came since the last time."""
        texts, self.texts = self.texts, []
        return texts


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert set(body) == {"text"}
            receiver.texts.append(body["text"])
            self.send_response(receiver.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Watch:
    """A company under watch: the sensors, with the cursor Dagster would keep."""

    company: Company
    instance: dg.DagsterInstance
    port: int
    cursor: str | None = None

    def settings(self, **changes: object) -> Settings:
        address = SecretStr(f"http://127.0.0.1:{self.port}/services/{SECRET}")
        start = datetime(2024, 2, 1, tzinfo=UTC)
        return self.company.settings().model_copy(
            update={"history_start": start, "alert_webhook_url": address, **changes}
        )

    def definitions(self) -> dg.Definitions:
        return build_definitions(self.settings(), clock=self.company.clock)

    def look(self) -> str:
        """Let the alerts sensor look once; return what its tick says."""
        sensor, context = self._context("alerts", self.cursor)
        data = sensor.evaluate_tick(context)
        self.cursor = data.cursor
        return data.skip_message or ""

    def late(self) -> dg.RunRequest | str:
        """Let the other sensor look once."""
        sensor, context = self._context("deliver_late", None)
        data = sensor.evaluate_tick(context)
        return data.run_requests[0] if data.run_requests else data.skip_message or ""

    def run(self, job: str, partition: str | None = None) -> bool:
        definition = self.definitions().resolve_job_def(job)
        options = {"instance": self.instance, "partition_key": partition, "raise_on_error": False}
        return bool(definition.execute_in_process(**options).success)

    def _context(self, name: str, cursor: str | None) -> tuple[dg.SensorDefinition, dg.SensorEvaluationContext]:
        definitions = self.definitions()
        repository = definitions.get_repository_def()
        context = dg.build_sensor_context(
            instance=self.instance, cursor=cursor, repository_def=repository, sensor_name=name
        )
        return repository.get_sensor_def(name), context


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook that takes everything."""
    with receiving() as started:
        yield started


@pytest.fixture
def watch(company: Company, receiver: Receiver) -> Iterator[Watch]:
    """A company whose alerts go to the webhook."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield Watch(company, instance, receiver.port)


def sync(company: Company, settings: Settings) -> None:
    """Run the whole chain, without Dagster."""
    with open_session(settings, kind="sync", run_id=str(uuid.uuid4()), clock=company.clock) as session:
        session.extract(company.window())
        session.snapshot(company.window())
        session.deliver()


def test_a_failure_is_told_once_and_so_is_the_recovery(
    watch: Watch, company: Company, account: Service, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """A webhook that does not answer is told again at the next look; its address is nowhere to be seen."""
    company.members("buyers", *company.crowd(2))
    assert (watch.look(), receiver.take()) == ("nothing changed", [])
    company.key = "wrong"
    assert not watch.run(JOB, company.window().key)
    receiver.status = 503
    said = watch.look()
    (text,) = receiver.take()
    assert "the sync failed" in text
    assert "ACTIVECAMPAIGN_API_KEY" in text
    receiver.status = 200
    watch.look()
    assert receiver.take() == [text], "told again, because nobody took it"
    assert not watch.run(JOB, company.window().key)
    watch.look()
    assert receiver.take() == [], "it fails still"

    company.key = KEY
    assert watch.run(JOB, company.window().key)
    watch.look()
    watch.look()
    assert receiver.take() == ["ac-pipeline: the sync works again."]
    assert SECRET not in said + caplog.text + str(watch.cursor)
    assert "@" not in text


def test_held_and_late_are_told_once_each_and_what_is_late_is_delivered(
    watch: Watch, company: Company, account: Service, receiver: Receiver
) -> None:
    """A person releases; the other sensor starts a delivery of its own, which reads no warehouse."""
    company.members("buyers", *company.crowd(3))
    sync(company, watch.settings())
    company.members("buyers")
    company.clock.next_window()
    sync(company, watch.settings())
    watch.look()
    watch.look()
    (held,) = receiver.take()
    assert "held, and waiting for a person: buyers: returned nothing, after 3 contacts before" in held
    with open_session(watch.settings(), kind="release", run_id="release", clock=company.clock) as session:
        approval.release(session.store, session.declarations, session.ids, "buyers")
    watch.look()
    assert receiver.take() == ["ac-pipeline: no longer held: buyers."]

    sync(company, watch.settings(sync_budget=1e-9))
    assert watch.late() == "nothing waits too long"
    company.clock.moment += timedelta(hours=7)
    with held_lock(Home.at(company.home), "a long sync", wait=0):
        watch.look()
        assert receiver.take() == [], "a run is in flight: it may be delivered"
        assert "a long sync" in str(watch.late())
    watch.look()
    (late,) = receiver.take()
    assert "3 contacts wait to be told something, the oldest for 7" in late
    asked = watch.late()
    assert isinstance(asked, dg.RunRequest)
    assert asked.run_key == str(getattr(watch.late(), "run_key", "")), "once in a window"
    company.warehouse.unlink()
    assert watch.run(DELIVER)
    assert {fields["Buyers"] for fields in account.told().values()} == {"false"}
    watch.look()
    assert receiver.take() == ["ac-pipeline: nothing waits too long any more."]
    assert watch.late() == "nothing waits too long"
