"""One browser for all tests of a worker; where there is none they are named as not run, and fail in CI."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from browser.chromium import Browser, Page, executable, running

MISSING = "NOT RUN: tests/browser needs Chromium (Debian and Ubuntu: apt-get install chromium)"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that runs."""
    path = executable()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with running(path, tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A new tab."""
    with browser.page() as page:
        yield page
