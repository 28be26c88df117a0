"""The store keeps to the memory it is given, and writes what does not fit into the home."""

from __future__ import annotations

import stat
from pathlib import Path

from ac_pipeline.home import Home
from ac_pipeline.store.store import open_store


def test_what_does_not_fit_lies_in_a_private_folder_of_the_home_until_the_store_is_closed(tmp_path: Path) -> None:
    """More than the memory can be kept meanwhile; nobody else may read it, and nothing of it stays."""
    home = Home.at(tmp_path / "home")
    with open_store(home, kind="test", run_id="run-1", memory="50MB") as store:
        limit = store.connection.execute("select current_setting('memory_limit')").fetchone()
        store.connection.execute(
            "create temp table many as select md5(i::varchar) as word from range(1_500_000) as t(i)"
        )
        assert limit == ("47.6 MiB",)
        spilled = home.work / "run-1.spill"
        assert stat.S_IMODE(spilled.stat().st_mode) == 0o700
        assert sum(file.stat().st_size for file in spilled.iterdir()) > 0
        assert store.connection.execute("select count(distinct word) from many").fetchone() == (1_500_000,)
    assert list(home.work.iterdir()) == []
