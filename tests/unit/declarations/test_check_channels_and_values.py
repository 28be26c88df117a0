"""Faults in what is said about tags, lists, options, null policies and who becomes a contact."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.declarations.assets_folder import CONTACTS, checked, only_fault, spots

AUDIENCE = "name: Vip\nmodel: m.vip\nmembership:\n"
TRAIT = "name: Size\nmodel: m.size\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("  tag: ''\n", 4, "`membership.tag`: is empty"),
        ("  tag: ' '\n", 4, "`membership.tag`: is empty"),
        (f"  tag: {'x' * 256}\n", 4, "`membership.tag`: has 256 characters"),
        ("  field: true\n  tag: 2026\n", 5, "`membership.tag`: is not a text"),
        ("  tag: [a, b]\n", 4, "`membership.tag`: is not a text"),
        ("  field: 1\n", 4, "`membership.field`: is not true or false"),
        ("  explicit_false: 'true'\n", 4, "`membership.explicit_false`: is not true or false"),
        ("  explicit_false: true\n  field: false\n", 4, "`membership.explicit_false`: needs the field"),
        ("  list: ''\n", 4, "`membership.list`: is empty"),
        ("  list: 0\n", 4, "`membership.list`: is not the id of a list"),
        ("  list: -3\n", 4, "`membership.list`: is not the id of a list"),
        ("  list: true\n", 4, "`membership.list`: is not the name or id of a list"),
        ("  list: 1.5\n", 4, "`membership.list`: is not the name or id of a list"),
        ("  list: [Newsletter]\n", 4, "`membership.list`: is not the name or id of a list"),
        ("  list: {}\n", 4, "`membership.list.list` is missing"),
        ("  list:\n    list: ' '\n", 5, "`membership.list.list`: is empty"),
        ("  list:\n    list: 3\n    unsubscribe_on_exit: 1\n", 6, "`membership.list.unsubscribe_on_exit`"),
        ("  list:\n    list: 3\n    resubscribe: true\n", 4, "`membership.list.reason`: is missing"),
        ("  list:\n    list: 3\n    reason: asked\n", 6, "`membership.list.reason`: is only for"),
        ("  list:\n    list: 3\n    resubscribe: false\n    reason: asked\n", 7, "`membership.list.reason`: is only"),
        ("  list:\n    list: 3\n    resubscribe: true\n    reason: ''\n", 7, "`membership.list.reason`: is empty"),
        ("  list:\n    list: 3\n    status: active\n", 6, "unknown setting `membership.list.status`"),
        ("  automation: ''\n", 4, "`membership.automation`: is empty"),
        ("  automation: -1\n", 4, "`membership.automation`: is not the id of an automation"),
        ("  automation:\n    from: all\n", 4, "`membership.automation.automation` is missing"),
        ("  automation:\n    automation: 3\n    from: now\n", 6, "`membership.automation.from`: input should be"),
        ("  events: 1\n", 4, "`membership.events`: is not true or false"),
        ("  1: x\n", 4, "unknown setting `membership.1`"),
        ("nulls: clear\n", 4, "unknown setting `nulls`"),
    ],
)
def test_a_fault_of_a_membership_has_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    """One fault for one mistake, on the line of the setting, or of the one around it when it is missing."""
    text = AUDIENCE.replace("membership:\n", "membership: {}\n") + text if text[0] != " " else AUDIENCE + text
    fault = only_fault(tmp_path, {"audiences/vip.yaml": text})
    assert (fault.path, fault.line, fault.warning) == (tmp_path / "audiences/vip.yaml", line, False)
    assert message in fault.message
    assert fault.hint.strip()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("type: choices\n", 3, "`type`: input should be"),
        ("type: choice\noptions: []\n", 4, "`options`: is empty"),
        ("type: choice\noptions: S\n", 4, "`options`: is not a list"),
        ("type: choice\noptions:\n- S\n- ''\n", 6, "`options`, item 2: is empty"),
        ("type: choice\noptions:\n- S\n- M\n- 38\n", 7, "`options`, item 3: is not a text"),
        ("type: choice\noptions:\n- S\n- no\n", 6, "`options`, item 2: is not a text"),
        ("type: choice\noptions: [S, M, S]\n", 4, "`options`: has `S` more than once"),
        ("type: choice\noptions: [S, 'S ']\n", 4, "`options`: has `S` more than once"),
        ('type: choice\noptions: ["\\u00e9", "e\\u0301"]\n', 4, "`options`: has `é` more than once"),
        ("type: multi_choice\noptions: ['a||b']\n", 4, "`a||b` has || in it"),
        ("type: multi_choice\noptions:\n  - '|a'\n", 5, "`options`, item 1: `|a`"),
        ("type: multi_choice\noptions:\n  - 'a| '\n", 5, "`options`, item 1: `a|`"),
        ("type: text\noptions: [a]\n", 4, "`options`: is only for `type: choice`"),
        ("unknown_options: create\ntype: boolean\n", 3, "`unknown_options`: is only for `type: choice`"),
        ("type: choice\nunknown_options: ignore\n", 4, "`unknown_options`: input should be 'create' or 'refuse'"),
        ("type: text\nnulls: erase\n", 4, "`nulls`: input should be 'keep' or 'clear'"),
        ("type: text\nfield: ''\n", 4, "`field`: is empty"),
        ("type: text\nfield: '%_%'\n", 4, "`field`: names no field"),
        ("type: text\nfield: 7\n", 4, "`field`: is not a text"),
        ("type: text\nfield: %SIZE%\n", 4, "is not YAML"),
        ("type: text\nmembership: {}\n", 4, "unknown setting `membership`"),
    ],
)
def test_a_fault_of_a_trait_has_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    """In lists written one item a line, the line of the item."""
    fault = only_fault(tmp_path, {"traits/size.yaml": TRAIT + text})
    assert (fault.path, fault.line, fault.warning) == (tmp_path / "traits/size.yaml", line, False)
    assert message in fault.message
    assert fault.hint.strip()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("nulls: no\n", 2, "`nulls`: input should be 'keep' or 'clear'"),
        ("nulls:\n", 2, "`nulls`"),
        ("lists: true\n", 2, "`lists`: holds no settings"),
        ("lists:\n  resubscribe: true\n", 2, "`lists.reason`: is missing"),
        ("lists:\n  reason: asked\n", 3, "`lists.reason`: is only for"),
        ("lists:\n  resubscribe: yes please\n", 3, "`lists.resubscribe`: is not true or false"),
        ("lists:\n  list: Newsletter\n", 3, "unknown setting `lists.list`"),
        ("tags: [vip]\n", 2, "unknown setting `tags`"),
    ],
)
def test_a_fault_of_the_contacts_has_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    """Columns are not settings."""
    fault = only_fault(tmp_path, {"contacts.yaml": CONTACTS + text})
    assert (fault.path, fault.line) == (tmp_path / "contacts.yaml", line)
    assert message in fault.message
    assert fault.hint.strip()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("create_contacts: nobody\n", 1, "`create_contacts`: input should be"),
        ("create_contacts_for: []\n", 1, "`create_contacts_for`: is empty"),
        ("create_contacts_for: audiences\n", 1, "`create_contacts_for`: is not a list"),
        ("create_contacts_for:\n  - traits\n  - events\n", 3, "`create_contacts_for`, item 2: input should be"),
        ("create_contacts_for:\n", 1, "`create_contacts_for`: is not a list"),
        ("update_existing: 'no'\n", 1, "`update_existing`: is not true or false"),
        ("create_fields: 0\n", 1, "`create_fields`: is not true or false"),
        ("user_id_field: ''\n", 1, "`user_id_field`: is empty"),
        ("user_id_field: false\n", 1, "`user_id_field`: is not a text"),
        ("nulls: drop\n", 1, "`nulls`: input should be"),
        ("guard:\n  max_exits: 1\n", 2, "unknown setting `guard.max_exits`"),
    ],
)
def test_a_fault_of_the_destination_has_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    """One fault for one mistake."""
    fault = only_fault(tmp_path, {"destination.yaml": text})
    assert (fault.path, fault.line) == (tmp_path / "destination.yaml", line)
    assert message in fault.message
    assert fault.hint.strip()


@pytest.mark.parametrize(
    ("path", "text", "known"),
    [
        (
            "audiences/vip.yaml",
            AUDIENCE + "  x: 1\n",
            {"field", "explicit_false", "tag", "list", "events", "automation"},
        ),
        (
            "audiences/vip.yaml",
            AUDIENCE + "  list: {list: 3, x: 1}\n",
            {"list", "unsubscribe_on_exit", "resubscribe", "reason"},
        ),
        ("contacts.yaml", CONTACTS + "lists: {x: 1}\n", {"resubscribe", "reason"}),
        ("contacts.yaml", CONTACTS + "x: 1\n", {"sql", "model", "description", "owner", "nulls", "lists"}),
        (
            "destination.yaml",
            "x: 1\n",
            {
                *("create_contacts", "create_contacts_for", "update_existing", "create_fields"),
                *("user_id_field", "nulls", "import_from", "guard"),
            },
        ),
    ],
)
def test_an_unknown_setting_lists_what_is_known_beside_it(
    tmp_path: Path, path: str, text: str, known: set[str]
) -> None:
    """Of the settings it stands among, not of the file."""
    hint = only_fault(tmp_path, {path: text}).hint
    assert set(hint.removeprefix("known here: ").split(", ")) == known


def test_every_fault_of_nested_settings_is_named_at_once(tmp_path: Path) -> None:
    """One setting that is wrong hides no other, in its file or another."""
    audience = (
        AUDIENCE + "  field: false\n  explicit_false: true\n  tag: ''\n  list:\n    resubscribe: true\n    x: 1\n"
    )
    trait = TRAIT + "type: text\noptions: []\nunknown_options: never\nnulls: x\nfield: ''\n"
    files: dict[str, str | bytes] = {
        "audiences/vip.yaml": audience,
        "traits/size.yaml": trait,
        "destination.yaml": "nulls: x\ncreate_contacts_for: []\n",
        "contacts.yaml": CONTACTS + "nulls: x\nlists: {reason: x}\n",
    }
    assert spots(tmp_path, checked(tmp_path, files)) == [
        *[("audiences/vip.yaml", line) for line in (5, 6, 7, 7, 9)],
        *[("contacts.yaml", line) for line in (2, 3)],
        *[("destination.yaml", line) for line in (1, 2)],
        *[("traits/size.yaml", line) for line in (4, 5, 6, 7)],
    ]


def test_a_setting_of_a_wrong_type_accuses_no_other(tmp_path: Path) -> None:
    """What goes with it is judged when it can be read."""
    membership = "  field: x\n  explicit_false: true\n  list: {list: 3, resubscribe: x, reason: y}\n"
    files: dict[str, str | bytes] = {
        "audiences/vip.yaml": AUDIENCE + membership,
        "traits/size.yaml": TRAIT + "type: x\noptions: [S]\n",
    }
    expected = [("audiences/vip.yaml", 4), ("audiences/vip.yaml", 6), ("traits/size.yaml", 3)]
    assert spots(tmp_path, checked(tmp_path, files)) == expected
