"""Settings from the environment and `.env`."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from ac_pipeline.errors import SettingsError
from ac_pipeline.settings import Settings, load_settings

NAMES = [name.upper() for name in Settings.model_fields]
KEY = "k3y-of-the-account"


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting in the environment, and an empty working folder."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def shown(error: BaseException) -> str:
    """Everything a person or a log could see of an error."""
    return "".join(traceback.format_exception(error)) + str(error) + repr(error)


def test_nothing_needs_to_be_set_to_read_settings() -> None:
    """Every setting has a default; what a command needs beyond them, it asks for."""
    settings = load_settings()
    assert settings == Settings(_env_file=None)
    assert (settings.activecampaign_rate, settings.activecampaign_rate_share) == (5.0, 0.8)
    assert (settings.sync_cron, settings.history_start) == ("0 */2 * * *", None)
    assert settings.ac_pipeline_assets == Path("assets")


def test_a_missing_account_is_named_with_all_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both names, what they look like, and where to find them; one that is set is not named."""
    with pytest.raises(SettingsError, match=r"ACTIVECAMPAIGN_API_URL.*and ACTIVECAMPAIGN_API_KEY") as caught:
        load_settings().account()
    assert "Settings → Developer" in caught.value.hint
    monkeypatch.setenv("ACTIVECAMPAIGN_API_KEY", KEY)
    with pytest.raises(SettingsError) as caught:
        load_settings().account()
    assert "ACTIVECAMPAIGN_API_URL" in caught.value.message
    assert "ACTIVECAMPAIGN_API_KEY" not in caught.value.message
    assert KEY not in shown(caught.value)


def test_an_account_is_its_url_and_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key stays wrapped until it is used."""
    monkeypatch.setenv("ACTIVECAMPAIGN_API_URL", "https://shop.api-us1.com")
    monkeypatch.setenv("ACTIVECAMPAIGN_API_KEY", KEY)
    url, key = load_settings().account()
    assert (url, key.get_secret_value()) == ("https://shop.api-us1.com", KEY)


def test_a_missing_warehouse_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an example."""
    with pytest.raises(SettingsError, match=r"WAREHOUSE_URL.*duckdb:///"):
        load_settings().warehouse()
    monkeypatch.setenv("WAREHOUSE_URL", "duckdb:///srv/w.duckdb")
    assert load_settings().warehouse() == "duckdb:///srv/w.duckdb"


def test_events_need_both_of_their_credentials_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """One alone names the other; the number is one, so that the two cannot be mixed up; the key stays wrapped."""
    assert load_settings().tracking() is None
    monkeypatch.setenv("ACTIVECAMPAIGN_EVENT_KEY", KEY)
    with pytest.raises(SettingsError, match="Not set: ACTIVECAMPAIGN_ACTID") as caught:
        load_settings().tracking()
    assert KEY not in shown(caught.value)
    monkeypatch.setenv("ACTIVECAMPAIGN_ACTID", KEY)
    with pytest.raises(SettingsError, match="ACTIVECAMPAIGN_ACTID: not a number") as caught:
        load_settings()
    assert KEY not in shown(caught.value)
    monkeypatch.setenv("ACTIVECAMPAIGN_ACTID", " 1000001 ")
    access = load_settings().tracking()
    assert access is not None
    assert (access.url, access.actid, access.key.get_secret_value()) == ("https://trackcmp.net", "1000001", KEY)
    assert KEY not in repr(access)
    monkeypatch.delenv("ACTIVECAMPAIGN_EVENT_KEY")
    with pytest.raises(SettingsError, match="Not set: ACTIVECAMPAIGN_EVENT_KEY"):
        load_settings().tracking()


def test_everything_malformed_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five faults, one error."""
    malformed = {
        "ACTIVECAMPAIGN_RATE": "fast",
        "ACTIVECAMPAIGN_RATE_SHARE": "1.5",
        "AC_PIPELINE_LOCK_WAIT": "-1",
        "SYNC_CRON": "every two hours",
        "HISTORY_START": "last year",
    }
    for name, value in malformed.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    for name in malformed:
        assert f"{name}: " in caught.value.message
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACTIVECAMPAIGN_RATE", "0"),
        ("ACTIVECAMPAIGN_RATE", "nan"),
        ("ACTIVECAMPAIGN_RATE", "inf"),
        ("ACTIVECAMPAIGN_RATE", "5/s"),
        ("ACTIVECAMPAIGN_RATE_SHARE", "0"),
        ("ACTIVECAMPAIGN_RATE_SHARE", "80%"),
        ("AC_PIPELINE_LOCK_WAIT", "10s"),
        ("SYNC_CRON", "@hourly"),
        ("SYNC_CRON", "0 24 * * *"),
        ("SYNC_CRON", "* * * *"),
        ("SYNC_CRON", "0 0 30 2 *"),
        ("HISTORY_START", "2026-02-30"),
        ("HISTORY_START", "90"),
    ],
)
def test_a_value_out_of_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """With the setting's description, which has its unit."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as caught:
        load_settings()
    description = Settings.model_fields[name.lower()].description
    assert description is not None
    assert description in caught.value.message


@pytest.mark.parametrize(
    "name",
    ["ACTIVECAMPAIGN_RATE", "ACTIVECAMPAIGN_RATE_SHARE", "AC_PIPELINE_LOCK_WAIT", "SYNC_CRON", "HISTORY_START"],
)
def test_a_key_in_the_wrong_place_is_never_shown(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Values are no part of messages: people paste keys into the wrong line."""
    monkeypatch.setenv(name, KEY)
    with pytest.raises(SettingsError, match=name) as caught:
        load_settings()
    assert KEY not in shown(caught.value)


def test_secrets_are_in_no_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the key nor the password in a warehouse's URL."""
    monkeypatch.setenv("ACTIVECAMPAIGN_API_KEY", KEY)
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://reader:s3cret@db.example/shop")
    settings = load_settings()
    for text in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert KEY not in text
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("blank", ["", "  "], ids=["empty", "spaces"])
def test_blank_is_absent(monkeypatch: pytest.MonkeyPatch, name: str, blank: str) -> None:
    """`NAME=` in a file of settings means its default, for every setting."""
    monkeypatch.setenv(name, blank)
    assert load_settings() == Settings.model_construct(**{n: f.default for n, f in Settings.model_fields.items()})


def test_the_env_file_of_the_working_folder_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment wins; names that are not ours are left alone; without a file nothing is read."""
    text = "# ours\nACTIVECAMPAIGN_RATE=2.5\nSYNC_CRON=0 6 * * *\nAC_PIPELINE_ASSETS='my assets'\nOTHER_TOOL=x\n"
    (tmp_path / ".env").write_text(text)
    monkeypatch.setenv("SYNC_CRON", "30 6 * * *")
    settings = load_settings()
    assert (settings.activecampaign_rate, settings.ac_pipeline_assets) == (2.5, Path("my assets"))
    assert settings.sync_cron == "30 6 * * *"
    assert load_settings(None).activecampaign_rate == 5.0
    assert load_settings(tmp_path / "absent.env").activecampaign_rate == 5.0


@pytest.mark.parametrize("cron", ["0 */2 * * *", "*/7 * * * *", "5 4 * * MON", "0 3 1,15 * *", "0 0 * 1-3 0"])
def test_cron_expressions_are_accepted(monkeypatch: pytest.MonkeyPatch, cron: str) -> None:
    """Five fields, names of days and months included."""
    monkeypatch.setenv("SYNC_CRON", cron)
    assert load_settings().sync_cron == cron


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02 03:04", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
    ],
)
def test_history_starts_in_utc_unless_said_otherwise(
    monkeypatch: pytest.MonkeyPatch, text: str, moment: datetime
) -> None:
    """A moment without an offset is no local time."""
    monkeypatch.setenv("HISTORY_START", text)
    start = load_settings().history_start
    assert start is not None
    assert (start, start.utcoffset()) == (moment, moment.utcoffset())


def test_settings_do_not_change() -> None:
    """One run has one set of settings."""
    with pytest.raises(ValidationError):
        load_settings().sync_cron = "* * * * *"  # type: ignore[misc]


@pytest.mark.parametrize(("given", "memory"), [("2GB", "2GB"), ("1.5 gb", "1.5GB"), ("800MB", "800MB")])
def test_memory_is_an_amount(monkeypatch: pytest.MonkeyPatch, given: str, memory: str) -> None:
    """As people write it."""
    monkeypatch.setenv("STORE_MEMORY", given)
    assert load_settings().store_memory == memory


@pytest.mark.parametrize("given", ["lots", "80%", "1GB; drop", "-1GB", "100MB", "0.1GB"])
def test_memory_that_is_none_or_too_little_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """With what is meant."""
    monkeypatch.setenv("STORE_MEMORY", given)
    with pytest.raises(SettingsError, match="STORE_MEMORY"):
        load_settings()
