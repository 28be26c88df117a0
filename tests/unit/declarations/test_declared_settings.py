"""Settings of declaration files as the model has them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ac_pipeline.model.declaration import (
    Choices,
    CreateContacts,
    CreateFor,
    Declaration,
    Declarations,
    Destination,
    Guard,
    MemberList,
    Membership,
    Nulls,
    ValueType,
)
from unit.declarations.assets_folder import CONTACTS, checked

Setting = bool | int | str | None | list[str] | dict[str, "Setting"]


def declared(folder: Path, files: dict[str, str | bytes]) -> Declarations:
    loaded = checked(folder, files)
    assert [str(fault) for fault in loaded.faults] == []
    assert loaded.declarations is not None
    return loaded.declarations


def audience(folder: Path, membership: str) -> Membership:
    files: dict[str, str | bytes] = {"audiences/vip.yaml": f"name: Vip\nmodel: m.v\nmembership: {membership}\n"}
    return declared(folder, files).audiences[0].membership


def trait(folder: Path, rest: str, destination: str = "") -> Declaration:
    text = f"name: Size\nmodel: m.s\n{rest}"
    return declared(folder, {"traits/size.yaml": text, "destination.yaml": destination}).traits[0]


def test_files_that_say_nothing_mean_the_defaults_of_the_model(tmp_path: Path) -> None:
    """With an empty destination.yaml, or none."""
    bare: dict[str, str | bytes] = {
        "audiences/vip.yaml": "name: Vip\nmodel: m.v\n",
        "traits/size.yaml": "name: Size\nmodel: m.s\ntype: text\n",
    }
    absent = declared(tmp_path / "absent", bare)
    empty = declared(tmp_path / "empty", {**bare, "destination.yaml": ""})
    assert absent.destination == empty.destination == Destination()
    assert absent.audiences[0].membership == Membership()
    size = absent.traits[0]
    assert (size.choices, size.field, size.nulls) == (Choices(), None, Nulls.KEEP)
    contacts = absent.contacts
    assert (contacts.nulls, contacts.resubscribe, contacts.reason) == (Nulls.KEEP, False, "")


@pytest.mark.parametrize(
    ("membership", "expected"),
    [
        ("{field: false}", Membership(field=False)),
        ("{explicit_false: true}", Membership(explicit_false=True)),
        ("{field: false, explicit_false: false, tag: null, list: null}", Membership(field=False)),
        ("{tag: ' Recent buyer '}", Membership(tag="Recent buyer")),
        ("{tag: '2026'}", Membership(tag="2026")),
        (f"{{tag: {'x' * 255}}}", Membership(tag="x" * 255)),
        ("{list: Newsletter}", Membership(list=MemberList("Newsletter"))),
        ("{list: 3}", Membership(list=MemberList("3"))),
        ("{list: '3'}", Membership(list=MemberList("3"))),
        ("{list: '003'}", Membership(list=MemberList("3"))),
        ("{list: 3 for 2}", Membership(list=MemberList("3 for 2"))),
        ("{list: {list: 3, unsubscribe_on_exit: true}}", Membership(list=MemberList("3", unsubscribe_on_exit=True))),
        (
            "{list: {list: Newsletter, resubscribe: true, reason: ' they asked '}}",
            Membership(list=MemberList("Newsletter", resubscribe=True, reason="they asked")),
        ),
    ],
)
def test_a_membership_says_by_which_channels(tmp_path: Path, membership: str, expected: Membership) -> None:
    """The list in its short form or its long one, by name or id."""
    assert audience(tmp_path, membership) == expected


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("", Choices((), create=True)),
        ("unknown_options: refuse\n", Choices((), create=False)),
        ("unknown_options: create\n", Choices((), create=True)),
        ("options: [S, M, L]\n", Choices(("S", "M", "L"), create=False)),
        ("options: [S]\nunknown_options: create\n", Choices(("S",), create=True)),
        ("options: [S, s, a|b]\nunknown_options: refuse\n", Choices(("S", "s", "a|b"), create=False)),
    ],
)
@pytest.mark.parametrize("kind", ["choice", "multi_choice"])
def test_who_lists_options_refuses_others_unless_they_say(
    tmp_path: Path, kind: str, rest: str, expected: Choices
) -> None:
    """In the order in which they are written; letter case tells them apart."""
    assert trait(tmp_path, f"type: {kind}\n{rest}").choices == expected


@pytest.mark.parametrize("kind", list(ValueType))
def test_a_trait_has_any_type(tmp_path: Path, kind: ValueType) -> None:
    """Each by its name."""
    assert trait(tmp_path, f"type: {kind}\n").value_type is kind


@pytest.mark.parametrize(
    ("own", "general", "expected"),
    [
        ("", "", Nulls.KEEP),
        ("", "nulls: clear\n", Nulls.CLEAR),
        ("nulls: keep\n", "nulls: clear\n", Nulls.KEEP),
        ("nulls: clear\n", "nulls: keep\n", Nulls.CLEAR),
        ("nulls:\n", "nulls: clear\n", Nulls.CLEAR),
    ],
)
def test_a_trait_without_a_null_policy_has_the_destinations(
    tmp_path: Path, own: str, general: str, expected: Nulls
) -> None:
    """Its own wins."""
    assert trait(tmp_path, f"type: text\n{own}", general).nulls is expected


def test_contacts_have_a_null_policy_and_a_rule_for_lists_of_their_own(tmp_path: Path) -> None:
    """The destination's null policy is for traits; the guard is for all."""
    destination = "nulls: clear\nguard: {min_members: 9}\n"
    lists = "lists: {resubscribe: true, reason: consent is kept in our shop}\n"
    quiet = declared(tmp_path / "quiet", {"destination.yaml": destination}).contacts
    assert (quiet.nulls, quiet.resubscribe, quiet.reason, quiet.guard.min_members) == (Nulls.KEEP, False, "", 9)
    loud = declared(tmp_path / "loud", {"contacts.yaml": f"{CONTACTS}nulls: clear\n{lists}"}).contacts
    assert (loud.nulls, loud.resubscribe, loud.reason) == (Nulls.CLEAR, True, "consent is kept in our shop")


@pytest.mark.parametrize("title", ["Shirt size", "'%SHIRT_SIZE%'", "' shirtSize '"])
def test_a_trait_may_name_its_field(tmp_path: Path, title: str) -> None:
    """As written, without outer spaces."""
    assert trait(tmp_path, f"type: text\nfield: {title}\n").field == title.strip("'").strip()


def test_every_setting_of_the_destination(tmp_path: Path) -> None:
    """Audiences create contacts whether they are named or not."""
    text = """
        create_contacts: never
        create_contacts_for: [traits, contacts, traits]
        update_existing: true
        create_fields: false
        user_id_field: Shop ID
        nulls: clear
        import_from: 25
        guard: {max_exit_share: 0.5, min_members: 7}
    """
    expected = Destination(
        create_contacts=CreateContacts.NEVER,
        create_contacts_for=frozenset(CreateFor),
        update_existing=True,
        create_fields=False,
        user_id_field="Shop ID",
        nulls=Nulls.CLEAR,
        guard=Guard(0.5, 7),
        import_from=25,
    )
    assert declared(tmp_path, {"destination.yaml": text}).destination == expected


def test_there_may_be_no_field_for_the_user_id(tmp_path: Path) -> None:
    """Said as null, or as nothing after the colon."""
    for number, none in enumerate(["null", "~", ""]):
        files: dict[str, str | bytes] = {"destination.yaml": f"user_id_field: {none}\n"}
        assert declared(tmp_path / str(number), files).destination.user_id_field is None


WORDS = st.text(st.sampled_from("abcXYZ019 äßé日'\"#:%-_&*!{}[],"), min_size=1, max_size=12).map(str.strip)
NAMES = WORDS.filter(lambda word: word != "" and not word.lstrip("-").isdecimal())
TITLES = NAMES.filter(lambda word: word.strip("%_- ") != "")


@st.composite
def member_lists(draw: st.DrawFn) -> tuple[Setting, MemberList]:
    name = draw(NAMES | st.integers(1, 9999))
    if draw(st.booleans()):
        return name, MemberList(str(name))
    leave, again = draw(st.booleans()), draw(st.booleans())
    reason = draw(NAMES) if again else ""
    written: dict[str, Setting] = {"list": name, "unsubscribe_on_exit": leave, "resubscribe": again}
    return written | ({"reason": reason} if again else {}), MemberList(str(name), leave, again, reason)


@st.composite
def memberships(draw: st.DrawFn) -> tuple[Setting, Membership]:
    field = draw(st.booleans())
    explicit = field and draw(st.booleans())
    tag = draw(st.none() | NAMES)
    written_list, member_list = draw(st.just((None, None)) | member_lists())
    written: Setting = {"field": field, "explicit_false": explicit, "tag": tag, "list": written_list}
    return written, Membership(field, explicit, tag, member_list)


@st.composite
def traits(draw: st.DrawFn) -> tuple[dict[str, Setting], ValueType, Choices, Nulls | None, str | None]:
    kind, nulls = draw(st.sampled_from(ValueType)), draw(st.none() | st.sampled_from(Nulls))
    field = draw(st.none() | TITLES.map(lambda title: f"field {title}"))
    written: dict[str, Setting] = {"type": kind.value, "field": field, "nulls": nulls and nulls.value}
    if kind not in {ValueType.CHOICE, ValueType.MULTI_CHOICE}:
        return written, kind, Choices(), nulls, field
    options = draw(st.none() | st.lists(NAMES, min_size=1, max_size=4, unique=True))
    create = draw(st.none() | st.booleans())
    if options is not None:
        written["options"] = options
    if create is not None:
        written["unknown_options"] = "create" if create else "refuse"
    return written, kind, Choices(tuple(options or ()), options is None if create is None else create), nulls, field


@st.composite
def destinations(draw: st.DrawFn) -> tuple[Setting, Destination]:
    create = draw(st.sampled_from(CreateContacts))
    creators = draw(st.lists(st.sampled_from(CreateFor), min_size=1))
    update, fields = draw(st.booleans()), draw(st.booleans())
    user_id = draw(st.none() | TITLES.map(lambda title: f"id {title}"))
    nulls = draw(st.sampled_from(Nulls))
    written: Setting = {
        "create_contacts": create.value,
        "create_contacts_for": [creator.value for creator in creators],
        "update_existing": update,
        "create_fields": fields,
        "user_id_field": user_id,
        "nulls": nulls.value,
    }
    creating = frozenset({CreateFor.AUDIENCES, *creators})
    return written, Destination(create, creating, update, fields, user_id, nulls)


@settings(max_examples=60, deadline=None)
@given(memberships(), traits(), destinations())
def test_any_valid_combination_comes_back_as_the_model(
    membership: tuple[Setting, Membership],
    trait_: tuple[dict[str, Setting], ValueType, Choices, Nulls | None, str | None],
    destination: tuple[Setting, Destination],
) -> None:
    """Nothing is lost between file and model, whatever letters are used."""
    written, kind, choices, nulls, field = trait_
    audience_file = {"name": "Vip", "model": "m.v", "membership": membership[0]}
    files: dict[str, str | bytes] = {
        "audiences/vip.yaml": yaml.safe_dump(audience_file, allow_unicode=True),
        "traits/size.yaml": yaml.safe_dump({"name": "Size", "model": "m.s", **written}, allow_unicode=True),
        "destination.yaml": yaml.safe_dump(destination[0], allow_unicode=True),
    }
    with tempfile.TemporaryDirectory() as folder:
        found = declared(Path(folder), files)
    (vip,), (size,) = found.audiences, found.traits
    assert found.destination == destination[1]
    assert vip.membership == membership[1]
    assert (size.value_type, size.choices, size.field) == (kind, choices, field)
    assert size.nulls is (nulls or destination[1].nulls)
