"""Faults no file has on its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from ac_pipeline.declarations import Loaded
from unit.declarations.assets_folder import checked, only_fault, spots


def trait(name: str, rest: str = "") -> str:
    return f"name: {name}\nmodel: m.t\ntype: text\n{rest}"


def audience(name: str, member_list: str = "") -> str:
    return f"name: {name}\nmodel: m.a\nmembership:\n  tag: x\n{member_list}"


@pytest.mark.parametrize("tag", ["%SHIRT_SIZE%", "shirtSize", "Shirt Size", "shirt-size", "SHIRTSIZE"])
def test_two_traits_may_not_name_one_field(tmp_path: Path, tag: str) -> None:
    """However it is spelled; the later file has the fault, the hint names the other."""
    files: dict[str, str | bytes] = {
        "traits/a.yaml": trait("A", "field: Shirt Size\n"),
        "traits/b.yaml": trait("B", f"field: '{tag}'\n"),
    }
    fault = only_fault(tmp_path, files)
    assert (fault.path, fault.line) == (tmp_path / "traits/b.yaml", 4)
    assert fault.message == "`field` means another declaration's field"
    assert str(tmp_path / "traits/a.yaml") in fault.hint


@pytest.mark.parametrize("folder", ["audiences", "traits"])
def test_a_field_may_not_be_the_one_another_name_gives(tmp_path: Path, folder: str) -> None:
    """Of an audience or a trait."""
    other = audience("Big Spender") if folder == "audiences" else trait("Big Spender")
    files: dict[str, str | bytes] = {
        f"{folder}/big_spender.yaml": other,
        "traits/size.yaml": trait("Size", "field: '%BIGSPENDER%'\n"),
    }
    fault = only_fault(tmp_path, files)
    assert (fault.path, fault.line) == (tmp_path / "traits/size.yaml", 4)


def test_the_later_file_has_the_fault_also_when_its_name_is_what_collides(tmp_path: Path) -> None:
    """Then on the line of its name."""
    files: dict[str, str | bytes] = {
        "traits/a.yaml": trait("A", "field: Shirt Size\n"),
        "traits/shirt_size.yaml": "model: m.t\ntype: text\nname: Shirt Size\n",
    }
    fault = only_fault(tmp_path, files)
    assert (fault.path, fault.line) == (tmp_path / "traits/shirt_size.yaml", 3)


def test_keys_that_differ_in_underscores_only_collide(tmp_path: Path) -> None:
    """The account's fields are matched without them."""
    files: dict[str, str | bytes] = {
        "audiences/shirtsize.yaml": audience("ShirtSize"),
        "traits/shirt_size.yaml": trait("Shirt Size"),
    }
    assert only_fault(tmp_path, files).path == tmp_path / "traits/shirt_size.yaml"


def test_a_title_in_another_script_is_compared_as_it_is_written(tmp_path: Path) -> None:
    """The key has lost its letters; the field's title has not."""
    files: dict[str, str | bytes] = {
        "traits/a.yaml": trait("A", "field: Größe\n"),
        "traits/gr_e.yaml": trait("Größe"),
    }
    assert spots(tmp_path, checked(tmp_path, files)) == [("traits/gr_e.yaml", 1)]


def test_a_trait_may_name_its_own_field_in_its_own_words(tmp_path: Path) -> None:
    """A field that says what the name says collides with nothing."""
    files: dict[str, str | bytes] = {"traits/size.yaml": trait("Size", "field: '%SIZE%'\n")}
    assert checked(tmp_path, files).faults == ()


def test_faults_between_files_are_found_beside_faults_in_them(tmp_path: Path) -> None:
    """A mistake in one of the two hides nothing."""
    files: dict[str, str | bytes] = {
        "traits/a.yaml": trait("A", "field: Shirt Size\nnulls: x\n"),
        "traits/b.yaml": trait("B", "field: Shirt Size\nowner: 3\n"),
    }
    found = spots(tmp_path, checked(tmp_path, files))
    assert found == [("traits/a.yaml", 5), ("traits/b.yaml", 4), ("traits/b.yaml", 5)]


@pytest.mark.parametrize("title", ["Shop Id", "shop_id", "%SHOPID%"])
def test_a_trait_may_not_take_the_field_of_the_user_id(tmp_path: Path, title: str) -> None:
    """By its name or by its field; the hint names the setting."""
    files: dict[str, str | bytes] = {
        "destination.yaml": f"user_id_field: '{title}'\n",
        "traits/other.yaml": trait("Other", "field: shop-id\n"),
    }
    by_field = only_fault(tmp_path / "field", files)
    assert (by_field.path.name, by_field.line, "user_id_field" in by_field.hint) == ("other.yaml", 4, True)
    files = {"destination.yaml": f"user_id_field: '{title}'\n", "traits/shop_id.yaml": trait("Shop Id")}
    by_name = only_fault(tmp_path / "name", files)
    assert (by_name.path.name, by_name.line, "user_id_field" in by_name.hint) == ("shop_id.yaml", 1, True)


def test_the_default_field_of_the_user_id_is_guarded_too(tmp_path: Path) -> None:
    """Unless there is none."""
    other = {"traits/other.yaml": trait("Other", "field: User ID\n")}
    assert only_fault(tmp_path / "default", {**other}).line == 4
    assert checked(tmp_path / "none", {**other, "destination.yaml": "user_id_field: null\n"}).faults == ()


def test_a_destination_that_cannot_be_read_accuses_no_trait(tmp_path: Path) -> None:
    """Which field has the user id is not known then."""
    other = {"traits/other.yaml": trait("Other", "field: User ID\n")}
    assert only_fault(tmp_path, {**other, "destination.yaml": "nulls: x\n"}).path.name == "destination.yaml"


def lists(folder: Path, *members: str) -> Loaded:
    """Check audiences a, b, c… with these settings of `membership`."""
    names = "ABC"[: len(members)]
    files = {f"audiences/{n.lower()}.yaml": audience(n, m) for n, m in zip(names, members, strict=True)}
    return checked(folder, {**files})


def test_audiences_that_share_a_list_must_say_the_same_about_it(tmp_path: Path) -> None:
    """Each setting that differs is a fault, on its line, with what the other file says."""
    same = "  list: {list: newsletter, unsubscribe_on_exit: false}\n"
    other = "  list:\n    list: NEWSLETTER\n    reason: asked\n    resubscribe: true\n    unsubscribe_on_exit: true\n"
    loaded = lists(tmp_path, "  list: Newsletter\n", same, other)
    assert spots(tmp_path, loaded) == [("audiences/c.yaml", 8), ("audiences/c.yaml", 9)]
    assert ["resubscribe" in fault.message for fault in loaded.faults] == [True, False]
    assert all(f"{tmp_path / 'audiences/a.yaml'} says false" in fault.hint for fault in loaded.faults)


def test_a_list_is_the_same_by_id_however_the_id_is_written(tmp_path: Path) -> None:
    """As a number, as text, short or long; a setting that is not written stands on the list's line."""
    loaded = lists(tmp_path, "  list: {list: 3, unsubscribe_on_exit: true}\n", "  list: '3'\n")
    assert spots(tmp_path, loaded) == [("audiences/b.yaml", 5)]


def test_audiences_of_different_lists_may_differ_and_reasons_may(tmp_path: Path) -> None:
    """A reason is for people."""
    one, other = (f"  list: {{list: 3, resubscribe: true, reason: {reason}}}\n" for reason in ("asked", "law"))
    assert lists(tmp_path, one, other, "  list: {list: 4, unsubscribe_on_exit: true}\n").faults == ()


def test_audiences_may_share_a_tag(tmp_path: Path) -> None:
    """It is there while somebody is a member of any of them."""
    assert lists(tmp_path, "", "", "").faults == ()
