"""Events in Dagster: streams are not history. A backfill tells none, whatever is selected, and moves no cursor."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from ac_pipeline.model.window import Window, window_ending_by
from ac_pipeline.orchestration.build import build_definitions
from ac_pipeline.orchestration.schedule import JOB
from ac_pipeline.orchestration.windows import BACKFILL_TAG, RANGE_TAG
from pipeline.events_support import Shop, event
from pipeline.pipeline_account import EVENT
from pipeline.pipeline_support import CRON, Service

RANGE_END_TAG = "dagster/asset_partition_range_end"


@pytest.fixture
def shop(tmp_path: Path, account: Service) -> Shop:
    """A shop with a stream that begins with all there is, in a home in which nothing was computed yet."""
    shop = Shop(tmp_path / "shop", account.sandbox.url)
    account.track()
    shop.members("buyers", *shop.crowd(1))
    shop.stream("orders", "call: track\nevent: Order Completed\nfrom: all\nsql: select * from {table}\n")
    shop.happened("orders", event("1", shop.ago(9), 1, value="old"), event("1", shop.ago(), 2, value="new"))
    return shop


def test_a_backfill_and_the_asset_graph_tell_no_old_events(shop: Shop, account: Service) -> None:
    """A range before the newest window, the stream's asset alone in a backfill; then the newest window tells each."""
    newest = shop.window()
    older: list[Window] = [newest]
    for _ in range(3):
        older.append(window_ending_by(CRON, older[-1].start))
    settings = shop.settings().model_copy(update={"history_start": datetime(2024, 1, 1, tzinfo=UTC)})
    stream = dg.AssetKey(["events", "orders"])
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_definitions(settings, clock=shop.clock).resolve_job_def(JOB)

        def run(tags: dict[str, str], *, only: dg.AssetKey | None = None, partition: str | None = None) -> object:
            done = job.execute_in_process(
                instance=instance, tags=tags, partition_key=partition, asset_selection=[only] if only else None
            )
            found = [one for one in done.get_asset_materialization_events() if one.asset_key == stream]
            return {name: value.value for name, value in found[-1].materialization.metadata.items()}

        span = {RANGE_TAG: older[3].key, RANGE_END_TAG: older[1].key}
        assert "history" in str(run({BACKFILL_TAG: "b1", **span}))
        assert "history" in str(run({BACKFILL_TAG: "b2"}, only=stream, partition=newest.key))
        assert account.requests(EVENT) == account.tracked() == []
        assert shop.ask("select count(*) from events") == [(0,)]
        assert run({}, partition=newest.key)["new"] == 2  # type: ignore[index]
        run({BACKFILL_TAG: "b3", **span})
    assert [value for _, _, value in account.tracked()] == ["old", "new"]
