"""Names, settings, types and places of declaration files."""

from __future__ import annotations

from pathlib import Path

import pytest

from ac_pipeline.declarations import load_declarations
from unit.declarations.assets_folder import AUDIENCE, TRAIT, checked, only_fault, spots, write

PATH = "audiences/big_spenders.yaml"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("model: m.x\n", 1, "`name` is missing"),
        ("model: m.x\nname: ''\n", 2, "`name`: is empty"),
        ("model: m.x\nname: '  '\n", 2, "`name`: is empty"),
        ("model: m.x\nname: 2026\n", 2, "`name`"),
        ("model: m.x\nname: yes\n", 2, "`name`"),
        ("model: m.x\nname:\n", 2, "`name`"),
        ("name: Big Spenders\n", 1, "neither of `sql` and `model`"),
        ("name: Big Spenders\nsql:\nmodel:\n", 3, "neither of `sql` and `model`"),
        ("name: Big Spenders\nsql: select 1\nmodel: m.x\n", 3, "both of `sql` and `model`"),
        ("name: Big Spenders\nsql: ''\n", 2, "`sql`: is empty"),
        ("name: Big Spenders\nsql: [select, 1]\n", 2, "`sql`"),
        ("name: Big Spenders\nmodel: m.x\nguard:\n  max_exit_share: much\n", 4, "`guard.max_exit_share`"),
        ("name: Big Spenders\nmodel: m.x\nguard: {min_members: 0}\n", 3, "`guard.min_members`"),
        ("name: Big Spenders\nmodel: m.x\nguard: none\n", 3, "`guard`"),
        ("name: Big Spenders\nmodel: m.x\nmembership: {field: 'true'}\n", 3, "`membership.field`"),
        ("name: Big Spenders\nmodel: m.x\nmembership: {tags: vip}\n", 3, "unknown setting `membership.tags`"),
        ("name: Big Spenders\nmodel: m.x\ntype: number\n", 3, "unknown setting `type`"),
        ("name: Big Spenders\nmodel: m.x\nguard: {min_members: 1, min_members: 2}\n", 3, "`guard.min_members` twice"),
        ("name: Big Spenders\nmodel: m.x\n1: 2\n", 3, "`1`"),
        ("- name: Big Spenders\n", 1, "does not hold"),
        ("just text\n", 1, "does not hold"),
        ("name: Big Spenders\n---\nmodel: m.x\n", 2, "is not YAML"),
        ("name: Big Spenders\n\tmodel: m.x\n", 2, "is not YAML"),
        ("name: Big \x00 Spenders\n", 1, "is not YAML"),
    ],
)
def test_a_fault_names_file_line_and_setting(tmp_path: Path, text: str, line: int, message: str) -> None:
    """One fault for one mistake."""
    fault = only_fault(tmp_path, {PATH: text})
    assert (fault.path, fault.line, fault.warning) == (tmp_path / PATH, line, False)
    assert message in fault.message
    assert fault.hint.strip()


@pytest.mark.parametrize(
    "value",
    ["2026-02-30", "!!int x", "!!bool x", "!!float x", "!!timestamp x", "&a [*a]", "&a {b: *a}", "[" * 2000],
)
def test_values_the_yaml_library_chokes_on_are_a_fault_of_the_file(tmp_path: Path, value: str) -> None:
    """An impossible date or an endless value must not end the check of all other files."""
    loaded = checked(tmp_path, {PATH: f"{AUDIENCE}description: {value}\n"})
    assert {path for path, _ in spots(tmp_path, loaded)} == {PATH}


@pytest.mark.parametrize("model", ["orders", "marts.orders", "prod.marts.orders", "_x.y$1"])
def test_a_model_is_a_relation_of_up_to_three_parts(tmp_path: Path, model: str) -> None:
    """It is read as it is, and is its own upstream."""
    declarations = checked(tmp_path, {PATH: f"name: Big Spenders\nmodel: {model}\n"}).declarations
    assert declarations is not None
    query = declarations.audiences[0].query
    assert (query.text, query.upstream, query.any_window) == (f"select * from {model}", (model,), False)


@pytest.mark.parametrize("model", ["a b", "a.b.c.d", "a..b", ".a", "1a", "a;drop table b", '"a.b"', "a--", "a(1)"])
def test_what_is_no_name_of_a_relation_is_refused(tmp_path: Path, model: str) -> None:
    """Nothing but a plain name ever reaches the warehouse from `model:`."""
    fault = only_fault(tmp_path, {PATH: f"name: Big Spenders\nmodel: '{model}'\n"})
    assert (fault.line, "is not the name of a relation" in fault.message) == (2, True)


@pytest.mark.parametrize("name", ["Big_Spenders.yaml", "big-spenders.yaml", "spenders.yaml", "big_spenders.yml"])
def test_the_file_is_named_after_the_key(tmp_path: Path, name: str) -> None:
    """The hint says how to rename it."""
    fault = only_fault(tmp_path, {f"audiences/{name}": AUDIENCE})
    assert "rename the file to big_spenders.yaml" in fault.hint


@pytest.mark.parametrize("name", ["日本", "'!!!'", "x" * 61])
def test_a_name_without_a_usable_key_is_refused(tmp_path: Path, name: str) -> None:
    """A key has 1 to 60 characters."""
    fault = only_fault(tmp_path, {PATH: f"model: m.x\nname: {name}\n"})
    assert (fault.line, "name gives the key" in fault.message) == (2, True)


@pytest.mark.parametrize("name", ["First Name", "FirstName", "first-name", "E Mail", "User ID", "Contacts"])
def test_a_reserved_name_is_refused_in_any_spelling(tmp_path: Path, name: str) -> None:
    """With the file named as the rule demands, so that this is its only fault."""
    stem = name.lower().replace(" ", "_").replace("-", "_")
    fault = only_fault(tmp_path, {f"traits/{stem}.yaml": f"type: text\nmodel: m.x\nname: {name}\n"})
    assert (fault.line, fault.message) == (3, f"key `{stem}` is reserved")


def test_a_reserved_name_is_named_although_the_file_is_misnamed_too(tmp_path: Path) -> None:
    """Otherwise the hint sends people to rename the file, and then tells them to rename it again."""
    loaded = checked(tmp_path, {"traits/address_of_mail.yaml": "name: Email\ntype: text\nmodel: m.x\n"})
    assert any("reserved" in fault.message for fault in loaded.faults)


def test_an_audience_and_a_trait_may_not_share_a_key(tmp_path: Path) -> None:
    """They would share a field; the hint names the other file."""
    trait = TRAIT.replace("Lifetime Value", "BIG spenders")
    fault = only_fault(tmp_path, {PATH: AUDIENCE, "traits/big_spenders.yaml": trait})
    assert fault.path == tmp_path / "traits/big_spenders.yaml"
    assert "collides" in fault.message
    assert str(tmp_path / PATH) in fault.hint


def test_without_contacts_nobody_can_be_synced(tmp_path: Path) -> None:
    """Named although nothing else is wrong, at the place where it should be."""
    folder = write(tmp_path, {PATH: AUDIENCE})
    (folder / "contacts.yaml").unlink()
    loaded = load_declarations(folder)
    assert (loaded.declarations, spots(folder, loaded)) == (None, [("contacts.yaml", 1)])


@pytest.mark.parametrize(
    "place",
    ["audiences/team/x.yaml", "audience/x.yaml", "x.yaml", "contacts.yml"],
)
def test_a_file_nobody_reads_is_named(tmp_path: Path, place: str) -> None:
    """A declaration that is ignored in silence is an audience that is never sent."""
    fault = only_fault(tmp_path, {place: AUDIENCE})
    assert fault.path == tmp_path / place
    assert "audiences/*.yaml" in fault.hint


@pytest.mark.parametrize("place", ["definitions.py", "README.md", "__pycache__/x.pyc", "jobs/nightly.py"])
def test_what_is_no_declaration_is_left_alone(tmp_path: Path, place: str) -> None:
    """The folder holds a user's own Dagster assets, too."""
    assert checked(tmp_path, {place: "x = 1\n"}).faults == ()


@pytest.mark.parametrize("content", ["name: Käufer\n".encode("utf-16"), b"name: K\xe4ufer\n", b"\xff\xfe\x00"])
def test_a_file_that_is_not_utf8_is_named(tmp_path: Path, content: bytes) -> None:
    """The hint says what to do."""
    fault = only_fault(tmp_path, {PATH: content})
    assert (fault.line, fault.hint) == (1, "save it as UTF-8 text")


@pytest.mark.parametrize("content", [AUDIENCE.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + AUDIENCE.encode()])
def test_files_of_other_systems_are_read(tmp_path: Path, content: bytes) -> None:
    """CRLF, and the mark some editors put at the beginning."""
    assert checked(tmp_path, {PATH: content}).faults == ()
