"""A home belongs to one account, and what one account was told says nothing about another."""

from __future__ import annotations

from pathlib import Path

import pytest

from ac_pipeline.errors import OwnerMustAct, WrongAccount
from pipeline.pipeline_support import Company, Service, service


def test_another_host_is_refused_before_any_request(company: Company, account: Service, tmp_path: Path) -> None:
    """The command ends with exit code 9 and one paragraph that names both; what was told stays known."""
    company.crowd(2)
    company.members("buyers", "1")
    company.sync()
    account.forget_requests()

    company.members("buyers", "1", "2")
    with service(tmp_path / "other.sqlite") as other:
        ended = company.run_sync(ACTIVECAMPAIGN_API_URL=other.sandbox.url)

        assert ended.code == 9
        assert f"127.0.0.1:{account.sandbox.port}" in ended.err
        assert f"127.0.0.1:{other.sandbox.port}" in ended.err
        assert "AC_PIPELINE_HOME" in ended.err
        assert other.requests() == account.requests() == []

    company.sync()
    assert account.told() == {"u1@example.com": {"Buyers": "true"}, "u2@example.com": {"Buyers": "true"}}


def test_another_account_at_the_same_host_is_refused_before_anything_is_sent(company: Company, tmp_path: Path) -> None:
    """Vendors move accounts between hosts; the name the service states decides."""
    company.crowd(2)
    company.members("buyers", "1")
    with service(tmp_path / "one.sqlite", account_name="one") as one:
        company.url = one.sandbox.url
        company.sync()
        port = one.sandbox.port

    company.members("buyers", "1", "2")
    with service(tmp_path / "two.sqlite", account_name="two", port=port) as two:
        with pytest.raises(WrongAccount, match=r"belongs to one at .* name two at"):
            company.sync_later()

        assert two.requests() == ["GET /users/me", "GET /settings/account"]


def test_a_key_that_may_not_read_the_accounts_name_works(company: Company, tmp_path: Path) -> None:
    """The account is then known by its host."""
    company.crowd(1)
    company.members("buyers", "1")
    with service(tmp_path / "state.sqlite", admin_key=False) as limited:
        company.url = limited.sandbox.url
        company.sync()

        assert limited.told() == {"u1@example.com": {"Buyers": "true"}}


def test_missing_fields_are_refused_before_anything_is_sent_when_creating_them_is_off(
    company: Company, account: Service
) -> None:
    """A field that is missing is never a silent drop: all are named, and the next run goes on."""
    company.declare("destination", "create_fields: false\n")
    company.crowd(1)
    company.members("buyers", "1")

    with pytest.raises(
        OwnerMustAct, match=r"no custom field for %BUYERS%, User ID, and create_fields is off\. Nothing"
    ):
        company.sync()
    assert account.requests() == ["GET /users/me", "GET /settings/account", "GET /fields"]

    company.declare("destination", "create_fields: true\n")
    company.sync_later()
    assert account.told() == {"u1@example.com": {"Buyers": "true"}}
