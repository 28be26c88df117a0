"""Tags: found in whatever case, created once, put on and taken off."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ac_pipeline.activecampaign import ActiveCampaign, NameCatalog
from ac_pipeline.errors import OwnerMustAct, ServiceUnavailable
from ac_pipeline.model.contact import ContactTag, MailingList, Tag, Tagged
from ac_pipeline.model.delivery import Outcome
from unit.activecampaign.ac_connection import talk
from unit.activecampaign.collection import query
from unit.activecampaign.scripted_server import Reset, Say, Seen, Step, scripted

VIP = {"id": 7, "tag": "VIP", "tagType": "contact", "description": "", "cdate": "2021-03-23T06:04:41-05:00"}
PART = {"id": "8", "tag": "VIP lounge", "tagType": "contact"}
OTHER_KIND = {"id": "9", "tag": "Vip", "tagType": "template"}
REFUSED = Say(422, {"errors": [{"title": "Tag already exists", "code": "duplicate"}]})


def tag_server(created: Step, listed: list[dict[str, object]]) -> Callable[[Seen], Step]:
    return lambda seen: created if seen.method == "POST" else Say(200, {"tags": listed, "meta": {"total": len(listed)}})


def test_only_tags_for_contacts_are_listed() -> None:
    """Templates have tags of their own."""
    with scripted(then=tag_server(REFUSED, [VIP, PART, OTHER_KIND])) as server:
        assert talk(server.url, lambda client: client.tags()) == [Tag("7", "VIP"), Tag("8", "VIP lounge")]


@pytest.mark.parametrize("status", [200, 201])
def test_a_created_tag_and_one_that_was_there_are_the_same(status: int) -> None:
    """The service answers a second creation with the first tag, whose case may be another."""
    with scripted(then=Say(status, {"tag": VIP})) as server:
        assert talk(server.url, lambda client: client.create_tag(" vip ")) == Tag("7", "VIP")
    assert json.loads(server.seen[0].body) == {"tag": {"tag": "vip", "tagType": "contact", "description": ""}}


@pytest.mark.parametrize("created", [REFUSED, Say(400, {}), Say(409), Say(200, {"tag": OTHER_KIND})])
def test_a_refused_creation_ends_in_the_existing_tag(created: Step) -> None:
    """The search finds parts too, in whatever case; only the whole name counts, and only a contact's tag."""
    with scripted(then=tag_server(created, [PART, OTHER_KIND, VIP])) as server:
        assert talk(server.url, lambda client: client.create_tag("vip")) == Tag("7", "VIP")
    assert query(server.seen[1])["search"] == ["vip"]


@pytest.mark.parametrize("created", [REFUSED, Say(200, {"tag": OTHER_KIND})])
def test_a_tag_that_cannot_be_had_is_the_owners_matter(created: Step) -> None:
    """Refused, and not there for contacts."""
    with scripted(then=tag_server(created, [PART, OTHER_KIND])) as server, pytest.raises(OwnerMustAct):
        talk(server.url, lambda client: client.create_tag("vip"))


def test_a_creation_without_an_end_is_an_error() -> None:
    """And no reason to search."""
    with scripted(then=Say(500)) as server, pytest.raises(ServiceUnavailable):
        talk(server.url, lambda client: client.create_tag("vip"))
    assert {seen.method for seen in server.seen} == {"POST"}


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("trouble", [[], [Reset(after_reading=True)], [Say(429)]])
def test_a_tag_is_put_on(status: int, trouble: list[Step]) -> None:
    """New or there already: the association's id is told, for taking it off."""
    done = Say(status, {"contactTag": {"contact": "17", "tag": "7", "id": 13}})
    with scripted(*trouble, then=done) as server:
        tagged = talk(server.url, lambda client: client.add_tag("17", "7"))
    assert (tagged.answer.outcome, tagged.association_id) == (Outcome.ACKNOWLEDGED, "13")
    assert json.loads(server.seen[-1].body) == {"contactTag": {"contact": "17", "tag": "7"}}


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (Say(404, {"errors": [{"status": 404, "title": "Not Found", "detail": "Contact not found"}]}), "not found"),
        (Say(400, {"errors": [{"title": "Invalid value for query parameter contactTag.tag",
                               "detail": "No tag id provided", "source": {"parameter": "contactTag.tag"}}]}),
         "parameter contactTag.tag"),
        (Say(422, {"errors": [{"title": "Invalid", "source": {"parameter": "contactTag.tag"}}]}),
         "parameter contactTag.tag"),
        (Say(422, {"errors": [{"status": 422, "title": "Missing attribute",
                               "source": {"pointer": "/data/attributes/contact"}}]}), "attribute contact"),
    ],
)  # fmt: skip
def test_a_tag_that_cannot_be_put_on_is_this_contacts_matter(step: Step, reason: str) -> None:
    """400 and 422 alike: rejected with what the service points at, and explained by it."""
    with scripted(then=step) as server:
        tagged = talk(server.url, lambda client: client.add_tag("17", "7"))
    assert tagged == Tagged(tagged.answer)
    assert (tagged.answer.outcome, tagged.answer.reason, tagged.answer.unexplained) == (
        Outcome.REJECTED, reason, False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "steps",
    [[Say(200, {})], [Say(404, {"message": "No Result found for SubscriberTag with id 13"})],
     [Reset(after_reading=True), Say(404, {"message": "No Result found"})]],
)  # fmt: skip
def test_a_tag_is_taken_off_by_its_association(steps: list[Step]) -> None:
    """Gone is as good."""
    with scripted(*steps) as server:
        assert talk(server.url, lambda client: client.remove_tag("13")).outcome is Outcome.ACKNOWLEDGED
    assert (server.seen[-1].method, server.seen[-1].path) == ("DELETE", "/contactTags/13")


def test_tags_of_a_contact_have_both_ids() -> None:
    """The association's and the tag's own."""
    rows = [{"contact": "17", "tag": 7, "id": "13", "links": {}}, {"contact": "17", "tag": "8", "id": 14}]

    async def use(client: ActiveCampaign) -> object:
        return await client.contact_tags("17")

    with scripted(then=Say(200, {"contactTags": rows})) as server:
        assert talk(server.url, use) == [ContactTag("13", "7"), ContactTag("14", "8")]


def test_names_are_found_without_case_and_outer_spaces() -> None:
    """Of tags and of lists; the first of two alike."""
    tags = NameCatalog([Tag("1", "Größe"), Tag("2", "GRÖSSE"), Tag("3", "other")])
    assert (tags.find(" grösse "), tags.find("Gr")) == (Tag("1", "Größe"), None)
    assert NameCatalog([MailingList("4", "News")]).find("NEWS") == MailingList("4", "News")
