"""`check` names every fault of every file at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ac_pipeline.declarations import load_declarations, require_declarations
from ac_pipeline.errors import DeclarationsError
from unit.declarations.assets_folder import AUDIENCE, TRAIT, checked, spots, write

PROJECT = Path(__file__).parents[3]

FAULTY: dict[str, str | bytes] = {
    "contacts.yaml": "# everybody\nsql: select user_id, email from customers\nemail_column: mail\n",
    "destination.yaml": "create_fields: true\ncreate_contacts: sometimes\nguard: {max_exit_share: 30}\n",
    "audiences/bad_sql.yaml": "name: Bad Sql\nsql: |\n  select user_id\n  frm orders\n  where where\n",
    "audiences/big_spenders.yaml": "description: whoever\nname: Big Buyers\nmodel: marts.big\n",
    "audiences/both.yaml": "name: Both\nmodel: marts.b\nsql: select user_id from b\n",
    "audiences/nested.yaml": "name: Nested\nmodel: marts.n\nguard:\n  min_members: 5\n  max_exit: 0.1\n",
    "audiences/same.yaml": "name: Same\nmodel: marts.s\n",
    "audiences/twice.yaml": "name: Twice\nmodel: marts.t\nname: Twice\n",
    "audiences/typo.yaml": "name: Typo\nmodel: marts.t\ndescripton: whoever\n",
    "old/retired.yaml": "name: Retired\nmodel: marts.r\n",
    "traits/email.yaml": "name: Email\ntype: text\nmodel: marts.e\n",
    "traits/latin.yaml": "name: Latin\ntype: text\nmodel: marts.l\ndescription: Käufe\n".encode("latin-1"),
    "traits/no_type.yaml": "name: No Type\nmodel: marts.t\n",
    "traits/no_yaml.yaml": "name: No Yaml\ntype: [text\nmodel: marts.t\n",
    "traits/same.yaml": "name: Same\ntype: number\nmodel: marts.s\n",
    "traits/wrong.yaml": "name: Wrong\nmodel: marts.w\ntype: money\n",
}

EXPECTED = [
    ("audiences/bad_sql.yaml", 4, "does not parse"),
    ("audiences/big_spenders.yaml", 2, "name gives the key `big_buyers`"),
    ("audiences/both.yaml", 3, "both of `sql` and `model`"),
    ("audiences/nested.yaml", 5, "unknown setting `guard.max_exit`"),
    ("audiences/twice.yaml", 3, "says `name` twice"),
    ("audiences/typo.yaml", 3, "unknown setting `descripton`"),
    ("contacts.yaml", 3, "unknown setting `email_column`"),
    ("destination.yaml", 2, "`create_contacts`"),
    ("destination.yaml", 3, "`guard.max_exit_share`"),
    ("old/retired.yaml", 1, "is in a place nobody reads"),
    ("traits/email.yaml", 1, "key `email` is reserved"),
    ("traits/latin.yaml", 1, "cannot be read"),
    ("traits/no_type.yaml", 1, "`type` is missing"),
    ("traits/no_yaml.yaml", 3, "is not YAML"),
    ("traits/same.yaml", 1, "key `same` collides"),
    ("traits/wrong.yaml", 3, "`type`"),
]


def test_every_fault_of_every_file_is_named_at_once(tmp_path: Path) -> None:
    """Sixteen faults in sixteen files: each with its file, its line and a hint; nothing else."""
    loaded = checked(tmp_path, FAULTY)
    assert loaded.declarations is None
    assert spots(tmp_path, loaded) == [(path, line) for path, line, _ in EXPECTED]
    for fault, (_, _, message) in zip(loaded.faults, EXPECTED, strict=True):
        assert message in fault.message
        assert fault.hint.strip()
        assert str(fault).startswith(f"{fault.path}:{fault.line}: ")
    assert loaded.errors == loaded.faults


def test_every_fault_of_one_file_is_named_at_once(tmp_path: Path) -> None:
    """Name, setting and query of the same file: who corrects one should not meet the next only then."""
    text = "name: Other Name\nguards: {}\nsql: |\n  select user_id\n  frm orders\n"
    loaded = checked(tmp_path, {"audiences/big_spenders.yaml": text})
    assert spots(tmp_path, loaded) == [("audiences/big_spenders.yaml", line) for line in (1, 2, 5)]


def test_an_unknown_setting_does_not_hide_that_the_query_is_missing(tmp_path: Path) -> None:
    """Both are faults of the same file."""
    loaded = checked(tmp_path, {"audiences/big_spenders.yaml": "name: Big Spenders\nquery: select 1\n"})
    messages = " ".join(fault.message for fault in loaded.faults)
    assert "unknown setting `query`" in messages
    assert "neither of `sql` and `model`" in messages


def test_a_run_is_refused_with_the_same_faults(tmp_path: Path) -> None:
    """The error that stops a run lists what `check` lists."""
    folder = write(tmp_path, FAULTY)
    with pytest.raises(DeclarationsError, match="16 faults") as caught:
        require_declarations(folder)
    for fault in load_declarations(folder).errors:
        assert str(fault) in str(caught.value)


def test_the_demo_has_no_faults() -> None:
    """Not even warnings; five audiences and four traits, sorted by key."""
    loaded = load_declarations(PROJECT / "assets")
    assert loaded.faults == ()
    assert loaded.declarations is not None
    audiences = [audience.key for audience in loaded.declarations.audiences]
    traits = [trait.key for trait in loaded.declarations.traits]
    assert (len(audiences), len(traits)) == (5, 5)
    assert (audiences, traits) == (sorted(audiences), sorted(traits))
    assert [d.key for d in loaded.declarations.all] == ["contacts", *audiences, *traits]


def test_a_folder_without_faults_gives_its_declarations(tmp_path: Path) -> None:
    """With what the files say, and the destination's guard where an audience has none."""
    files: dict[str, str | bytes] = {
        "destination.yaml": "create_contacts: always\nguard: {max_exit_share: 0.5}\n",
        "audiences/big_spenders.yaml": AUDIENCE + "guard: {min_members: 7}\nmembership: {field: false}\n",
        "traits/lifetime_value.yaml": TRAIT + "owner: Sales\n",
    }
    declarations = checked(tmp_path, files).declarations
    assert declarations is not None
    (audience,), (trait,) = declarations.audiences, declarations.traits
    assert (audience.name, audience.membership.sent, audience.query.any_window) == ("Big Spenders", False, True)
    assert (audience.guard.max_exit_share, audience.guard.min_members) == (0.5, 7)
    assert (trait.value_type, trait.owner, trait.query.any_window) == ("number", "Sales", False)
    assert (declarations.destination.create_contacts, declarations.destination.create_fields) == ("always", True)


def test_a_warning_stops_nothing(tmp_path: Path) -> None:
    """It is shown as one, and the declarations are there."""
    text = "name: Now\nsql: select user_id from o where a < now() and b < :as_of\n"
    loaded = checked(tmp_path, {"audiences/now.yaml": text})
    assert [fault.warning for fault in loaded.faults] == [True]
    assert "warning: " in str(loaded.faults[0])
    assert (loaded.errors, loaded.declarations is None) == ((), False)
    assert require_declarations(tmp_path) == loaded.declarations


def test_a_folder_that_is_not_there_is_one_fault(tmp_path: Path) -> None:
    """The hint names the setting."""
    (fault,) = load_declarations(tmp_path / "nowhere").faults
    assert "AC_PIPELINE_ASSETS" in fault.hint


@pytest.mark.parametrize("odd", ["\\ud83d", "\\0"])
def test_characters_that_are_no_text_are_named(tmp_path: Path, odd: str) -> None:
    """Neither a database nor JSON could carry them; each has its line."""
    path = tmp_path / "audiences" / "buyers.yaml"
    path.parent.mkdir()
    path.write_text(f'name: Buyers\nsql: select 1 as user_id\nmembership: {{tag: "a{odd}b"}}\n', encoding="utf-8")
    faults = [fault for fault in load_declarations(tmp_path).errors if fault.path == path]
    assert [(fault.line, fault.message) for fault in faults] == [(3, "has characters that are no text")]
