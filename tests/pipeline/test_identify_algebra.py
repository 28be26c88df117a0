"""Tags, lists and memberships over several windows, with people who interfere, against a naive oracle."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.pipeline_account import ACTIVE, UNSUBSCRIBED, WRITES
from pipeline.pipeline_support import Company, Service, customer

USERS = ("1", "2", "3", "4", "5", "6")
STAYING = "0"
"""Is in everything all the time, so that no declaration ever becomes empty, which would be held."""
SPELLINGS = ("Gold", "gold", " GOLD ", "Silver", "silver", "Bronze")
MEMBERSHIP = {"tag": "Gold", "list": {"list": "News", "unsubscribe_on_exit": True}}
TAGS_TYPES = {"tags": "varchar[]", "tags_reset": "boolean"}


@dataclass(frozen=True)
class Wish:
    """What the warehouse says of one person in one window, and what others do to the contact before it."""

    tags: tuple[str, ...]
    reset: bool
    member: bool
    listed: str
    """The word for the list Offers, or nothing."""
    by_hand: str


@dataclass
class Person:
    """What the account has of one person, and what this pipeline said, as anybody would write it down."""

    tags: set[str] = field(default_factory=set)
    lists: dict[str, str] = field(default_factory=dict)
    said_tags: set[str] = field(default_factory=set)
    said_lists: dict[str, str] = field(default_factory=dict)
    last_reset: set[str] | None = None
    member: bool = False

    def interfere(self, by_hand: str) -> None:
        """Do by hand what the window begins with."""
        match by_hand:
            case "tag":
                self.tags.add("by hand")
            case "untag":
                self.tags.discard("gold")
            case "opt out" if "News" in self.lists:
                self.lists["News"] = UNSUBSCRIBED

    def follow(self, wish: Wish) -> None:
        """Be told what a window says."""
        column = {tag.strip().lower() for tag in wish.tags}
        wanted = column | ({"gold"} if wish.member else set())
        if wish.reset and column != self.last_reset:
            self.tags &= wanted
            self.last_reset = column
        self.tags = (self.tags - (self.said_tags - wanted)) | (wanted - self.said_tags)
        self.said_tags = wanted
        if wish.listed:
            self.say("Offers", wish.listed)
        if wish.member:
            self.say("News", ACTIVE)
        elif self.member:
            self.say("News", UNSUBSCRIBED)
        self.member = wish.member

    def say(self, name: str, state: str) -> None:
        """Give a state on a list, once; nobody who is unsubscribed is subscribed again."""
        if self.said_lists.get(name) != state:
            self.said_lists[name] = state
            if not (state == ACTIVE and self.lists.get(name) == UNSUBSCRIBED):
                self.lists[name] = state


wishes = st.builds(
    Wish,
    tags=st.lists(st.sampled_from(SPELLINGS), max_size=3).map(tuple),
    reset=st.booleans(),
    member=st.booleans(),
    listed=st.sampled_from(["", ACTIVE, UNSUBSCRIBED]),
    by_hand=st.sampled_from(["", "", "tag", "untag", "opt out"]),
)
windows = st.lists(st.fixed_dictionaries(dict.fromkeys(USERS, wishes)), min_size=4, max_size=4)


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes; a story is short enough to read
)  # fmt: skip
@given(story=windows)
def test_tags_and_lists_end_as_the_warehouse_and_people_say(
    shared_account: Service, story: list[Mapping[str, Wish]]
) -> None:
    """After each window the account has what an oracle has that knows nothing of ledgers, plans and steps."""
    account = shared_account
    account.start_anew()
    account.create_list("News")
    account.create_list("Offers")
    people = {user: Person() for user in USERS}
    with tempfile.TemporaryDirectory() as folder:
        company = Company(Path(folder) / "company", account.sandbox.url)
        company.destination(create_contacts_for=["contacts"])
        for number, window in enumerate(story):
            for user, wish in window.items():
                if number:
                    people[user].interfere(wish.by_hand)
                    interfere(account, f"u{user}@example.com", wish.by_hand)
                people[user].follow(wish)
            account.forget_requests()
            say(company, window)
            company.sync_later()
            assert {user: seen(account, user) for user in USERS} == {
                user: (one.tags, one.lists) for user, one in people.items()
            }
        account.forget_requests()
        company.sync_later()
        assert account.requests(*WRITES) == []


def interfere(account: Service, email: str, by_hand: str) -> None:
    """Do by hand in the account what the oracle is told."""
    match by_hand:
        case "tag":
            account.tag(email, "By hand")
        case "untag":
            account.untag(email, "Gold")
        case "opt out" if "News" in account.lists(email):
            account.unsubscribe(email, "1")


def say(company: Company, window: Mapping[str, Wish]) -> None:
    """Put a window's wishes into the warehouse."""
    staying = customer(STAYING, tags=["Bronze"], tags_reset=False, lists='{"Offers": "active"}')
    rows = [
        customer(
            user, tags=list(wish.tags), tags_reset=wish.reset,
            lists=f'{{"Offers": "{wish.listed}"}}' if wish.listed else None,
        )
        for user, wish in window.items()
    ]  # fmt: skip
    company.customers(staying, *rows, types=TAGS_TYPES)
    members = [user for user, wish in window.items() if wish.member]
    company.audience("Buyers", STAYING, *members, membership=MEMBERSHIP)


def seen(account: Service, user: str) -> tuple[set[str], dict[str, str]]:
    """Return a contact's tags in lower case, and its lists."""
    email = f"u{user}@example.com"
    return {tag.lower() for tag in account.tags(email)}, account.lists(email)
