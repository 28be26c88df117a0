"""Tags and lists by the names people write."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ac_pipeline.model.properties import list_key, tag_key
from ac_pipeline.sync.names import ListsFound, ensure_tags, find_lists
from unit.activecampaign.ac_connection import talk
from unit.activecampaign.collection import paged
from unit.activecampaign.scripted_server import Say, Seen, Step, scripted

NAMES = st.sampled_from(["vip", "VIP", " Vip ", "vips", "VIP lounge", "größe", "GRÖSSE", "GRÖßE", "7", "8"])


def account_with_tags(*names: str) -> Callable[[Seen], Step]:
    tags = [{"id": str(n), "tag": name, "tagType": "contact"} for n, name in enumerate(names, 1)]

    def answer(seen: Seen) -> Step:
        if seen.method == "GET":
            return paged("tags", tags)(seen)
        tags.append({"id": str(len(tags) + 1), **json.loads(seen.body)["tag"]})
        return Say(201, {"tag": tags[-1]})

    return answer


def tags_of(names: list[str], wanted: list[str], create: set[str]) -> tuple[Mapping[str, str], list[str]]:
    """Return the ids, and the names that were created."""
    keyed = {tag_key(name): name for name in wanted}
    with scripted(then=account_with_tags(*names)) as server:
        found = talk(server.url, lambda client: ensure_tags(client, keyed, create=create))
        posts = [json.loads(seen.body)["tag"]["tag"] for seen in server.seen if seen.method == "POST"]
        assert len(server.seen) == len(posts) + bool(keyed)
    return found, posts


def lists_of(rows: list[tuple[str, str, str]], wanted: list[str]) -> ListsFound:
    keyed = {list_key(name): name for name in wanted}
    listed = [{"id": number, "name": name, "channel": channel} for number, name, channel in rows]
    with scripted(then=paged("lists", listed)) as server:
        return talk(server.url, lambda client: find_lists(client, keyed))


def test_tags_are_found_in_whatever_case_and_created_where_asked() -> None:
    """Others have no id; all tags are read once."""
    found, posts = tags_of(["VIP", "Old"], ["vip", "New", "Gone"], {"tag:new", "tag:other"})
    assert found == {"tag:vip": "1", "tag:new": "3"}
    assert posts == ["New"]


def test_no_names_need_no_request() -> None:
    """Neither for tags nor for lists."""
    assert tags_of(["VIP"], [], {"tag:x"}) == ({}, [])
    with scripted(then=Say(500)) as server:
        assert talk(server.url, lambda client: find_lists(client, {})) == ListsFound({}, {})
    assert server.seen == []


@settings(deadline=None, max_examples=30)
@given(st.lists(NAMES, max_size=4), st.lists(NAMES, max_size=4), st.sets(NAMES, max_size=3))
def test_tags_match_like_lower_case_names(names: list[str], wanted: list[str], create: set[str]) -> None:
    """Each wanted name is the first tag of that name, or a new one if it is to be created, else nothing."""
    found, posts = tags_of(names, wanted, {tag_key(name) for name in create})
    lower = [name.strip().lower() for name in names]
    asked = {name.strip().lower() for name in create}
    expected = {}
    for name in (name.strip().lower() for name in wanted):
        if name in lower:
            expected[f"tag:{name}"] = str(lower.index(name) + 1)
    assert {key: tag for key, tag in found.items() if int(tag) <= len(names)} == expected
    created = {name.strip().lower() for name in wanted if name.strip().lower() in asked - set(lower)}
    assert sorted(name.lower() for name in posts) == sorted(created)
    assert found.keys() == expected.keys() | {f"tag:{name}" for name in created}


def test_lists_are_found_by_name_and_by_id() -> None:
    """A name of digits is an id and no name; what the account does not have is told."""
    rows = [("3", "Newsletter", "email"), ("4", "Offers", ""), ("5", "7", "email")]
    found = lists_of(rows, ["newsletter ", "4", "7", "Nowhere"])
    assert found.by_key == {"list:newsletter": "3", "list:4": "4"}
    assert found.faults == {"list:7": "the account has no list 7", "list:nowhere": "the account has no list Nowhere"}


def test_a_list_for_e_mails_goes_before_one_for_text_messages() -> None:
    """Of the same name, only one of them can be meant."""
    assert lists_of([("3", "News", "sms"), ("4", "News", "email")], ["news"]).by_key == {"list:news": "4"}


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("news", "news is the name of the lists 3 and 4"),
        ("5", "5 is a list for text messages"),
        ("texts", "texts is a list for text messages"),
    ],
)
def test_lists_that_cannot_be_meant_are_named(wanted: str, sentence: str) -> None:
    """In plain words, while others are found."""
    rows = [("3", "News", "email"), ("4", "NEWS", ""), ("5", "Texts", "sms"), ("6", "Offers", "email")]
    found = lists_of(rows, [wanted, "6", "Offers"])
    assert found == ListsFound({"list:6": "6", "list:offers": "6"}, {list_key(wanted): sentence})


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(NAMES, st.sampled_from(["email", "", "sms"])), max_size=5), st.lists(NAMES, max_size=3))
def test_lists_match_like_a_naive_reader(lists: list[tuple[str, str]], wanted: list[str]) -> None:
    """Ids 5 upwards; a wanted name is exactly one list for e-mails, or there is a fault."""
    rows = [(str(n), name, channel) for n, (name, channel) in enumerate(lists, 5)]
    found = lists_of(rows, wanted)
    for name in {name.strip().lower() for name in wanted}:
        mails = [
            number
            for number, title, channel in rows
            if channel != "sms" and (number == name if name.isdigit() else title.strip().lower() == name)
        ]
        key = f"list:{name}"
        assert found.by_key.get(key) == (mails[0] if len(mails) == 1 else None)
        assert (key in found.faults) == (len(mails) != 1)
