"""Each call of an account by itself: opens the account that the settings name, calls, and closes it again."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from ac_pipeline.calls.account import Account, connect

P = ParamSpec("P")
T = TypeVar("T")


def _alone(method: Callable[Concatenate[Account, P], T]) -> Callable[P, T]:
    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        with connect() as account:
            return method(account, *args, **kwargs)

    signature = inspect.signature(method)
    call.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
    call.__qualname__ = method.__name__
    return call


identify = _alone(Account.identify)
track = _alone(Account.track)
page = _alone(Account.page)
screen = _alone(Account.screen)
find_contact = _alone(Account.find_contact)
add_tag = _alone(Account.add_tag)
remove_tag = _alone(Account.remove_tag)
start_automation = _alone(Account.start_automation)
