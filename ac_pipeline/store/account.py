"""The account a home belongs to, and which of its custom fields carry our properties."""

from __future__ import annotations

from collections.abc import Mapping

from ac_pipeline.errors import WrongAccount
from ac_pipeline.model.account import Account
from ac_pipeline.store.store import Store

ACCOUNT_ID = 1
"""A home has one account; the column is there so that no row can be read without saying whose it is."""


def bound_account(store: Store) -> Account | None:
    """Return the account this home belongs to, or None before its first delivery."""
    row = store.connection.execute("select host, name from engine.account").fetchone()
    return Account(row[0], row[1]) if row else None


def require_host(store: Store, host: str) -> None:
    """Raise WrongAccount when the settings name another host than the home's; needs no request."""
    bound = bound_account(store)
    if bound is not None and bound.host != host:
        raise _wrong_account(store, bound, Account(host, None))


def bind_account(store: Store, account: Account) -> None:
    """Bind the home at its first delivery; afterwards raise WrongAccount for any other account."""
    bound = bound_account(store)
    if bound is None:
        store.connection.execute(
            "insert into engine.account values ($id, $host, $name, $now)",
            {"id": ACCOUNT_ID, "host": account.host, "name": account.name, "now": store.now()},
        )
        return
    same_name = bound.name is None or account.name is None or bound.name == account.name
    if bound.host != account.host or not same_name:
        raise _wrong_account(store, bound, account)


def save_catalog(store: Store, ids: Mapping[str, str]) -> int:
    """Keep which field, tag or list carries a property: `ids` maps property key to its id in the account.

    Returns how many of them were not known so. Properties that are not named keep what is known of them: a retired
    audience may still be told `false`.
    """
    with store.transaction() as connection:
        connection.execute(
            """create or replace temp table found as
            select property.property_id, found.id
            from (select unnest($keys) as key, unnest($ids) as id) as found
            join engine.property on property.key = found.key""",
            {"keys": list(ids), "ids": list(ids.values())},
        )
        row = connection.execute(
            """select count(*) from found
            left join engine.catalog on catalog.property_id = found.property_id and catalog.account_id = $account
            where catalog.remote_id is distinct from found.id""",
            {"account": ACCOUNT_ID},
        ).fetchone()
        connection.execute("delete from engine.catalog using found where catalog.property_id = found.property_id")
        connection.execute(
            "insert into engine.catalog select $account, property_id, id from found", {"account": ACCOUNT_ID}
        )
    return int(row[0]) if row else 0


def _named(account: Account) -> str:
    return f"{account.name} at {account.host}" if account.name else account.host


def _wrong_account(store: Store, bound: Account, named: Account) -> WrongAccount:
    return WrongAccount(
        f"The home {store.home.root} belongs to {_named(bound)}, but the settings name {_named(named)}. "
        "Nothing was sent: what one account was told says nothing about another.",
        "Correct ACTIVECAMPAIGN_API_URL, or set AC_PIPELINE_HOME to a new folder for the other account.",
    )
