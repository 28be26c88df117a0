"""Errors and exit codes, held against the tree in the module's docstring."""

from __future__ import annotations

import re

import pytest

from ac_pipeline import errors
from ac_pipeline.errors import ATTENTION_EXIT_CODE, PipelineError

TREE = {name: int(code) for name, code in re.findall(r"^[├└]── (\w+) +exit (\d+) ", errors.__doc__ or "", re.MULTILINE)}
CLASSES = {
    name: thing
    for name, thing in vars(errors).items()
    if isinstance(thing, type) and issubclass(thing, PipelineError) and thing is not PipelineError
}


def test_the_tree_shows_every_error_with_its_exit_code() -> None:
    """No more, no fewer, and in the order of the codes."""
    assert {name: error.exit_code for name, error in CLASSES.items()} == TREE
    assert list(TREE.values()) == sorted(TREE.values())


def test_exit_codes_are_unique() -> None:
    """And none is what shells and Python mean by 0, 1, 2 and 126 upwards."""
    assert len(set(TREE.values())) == len(TREE)
    assert all(3 <= code < 126 for code in TREE.values())


def test_attention_is_no_error() -> None:
    """Exit code 11 belongs to finished runs."""
    assert ATTENTION_EXIT_CODE == 11
    assert ATTENTION_EXIT_CODE not in {PipelineError.exit_code, *TREE.values()}
    assert f"Exit code {ATTENTION_EXIT_CODE} is no error" in (errors.__doc__ or "")


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_error_is_one_paragraph_and_a_hint(name: str) -> None:
    """The tree is flat: whoever catches PipelineError has caught them all, and no other by accident."""
    error = CLASSES[name]("The store is locked.", "Wait.")
    assert (error.message, error.hint, str(error)) == ("The store is locked.", "Wait.", "The store is locked. Wait.")
    assert str(CLASSES[name]("Alone.")) == "Alone."
    assert CLASSES[name].__mro__[1] is PipelineError
