"""Who the key belongs to, and the name of the account."""

from __future__ import annotations

from ac_pipeline.activecampaign.caller import Call, Caller, failure_of
from ac_pipeline.activecampaign.shapes import AccountAnswer, UserAnswer, read
from ac_pipeline.model.delivery import Outcome

_ME = Call("GET", "/users/me", "users/me", shows=("user",))
_ACCOUNT = Call("GET", "/settings/account", "settings/account")


async def user_id(caller: Caller) -> str:
    """Return the id of the key's user. Raises OwnerMustAct when the key or the URL is wrong."""
    return read(UserAnswer, await caller.needed(_ME), _ME.endpoint).user.id


async def account_name(caller: Caller) -> str | None:
    """Return the account's name, None when the key may not read it (403: reference, section 1).

    To be asked only with a key that has worked: a wrong one gets 403 too.
    """
    ending = await caller.end(_ACCOUNT)
    if ending.reply.status == 403:
        return None
    if ending.outcome is not Outcome.ACKNOWLEDGED:
        raise failure_of(ending)
    answer = read(AccountAnswer, ending.reply, _ACCOUNT.endpoint)
    return answer.account or answer.cname or None
