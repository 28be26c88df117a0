"""Names of custom fields, tags and lists to what the account has under them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Generic, TypeVar

from ac_pipeline.model.account import Field, FieldSpec
from ac_pipeline.model.contact import MailingList, Tag

Named = TypeVar("Named", Tag, MailingList)

_SEPARATORS = re.compile(r"[\s_-]+")


def name_key(name: str) -> str:
    """Return what two names share that the service takes for one: compared without case and outer spaces."""
    return name.strip().casefold()


def tag_key(perstag: str) -> str:
    """Return a personalisation tag for comparison: no percent signs, no spaces, no case (reference, section 7.1)."""
    return "".join(perstag.strip().strip("%").split()).casefold()


def bare_tag(name: str) -> str | None:
    """Return the tag between percent signs, None for a name that is not written as a personalisation tag."""
    name = name.strip()
    return name[1:-1].strip() if len(name) > 2 and name[0] == name[-1] == "%" else None


def fold(name: str) -> str:
    """Return what names share that people take for one: `shirtSize`, `shirt size`, `Shirt-Size` and `%SHIRT_SIZE%`.

    Letter case, spaces, underscores, hyphens, the percent signs around a tag and the unicode form do not count.
    """
    letters = _SEPARATORS.sub("", bare_tag(name) or name)
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", letters).casefold())


class FieldCatalog:
    """The custom fields of an account, found by tag or title."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._fields = tuple({field.id: field for field in fields}.values())

    def by_tag(self, perstag: str) -> Field | None:
        """Return the field with a personalisation tag, `SHIRT_SIZE` and `%shirt_size%` alike; the first of two."""
        return next(iter(self._tagged(perstag)), None)

    def by_title(self, title: str) -> Field | None:
        """Return the field with a title, whatever its case; the first of two."""
        return next(iter(self._titled(title)), None)

    def alike(self, *names: str) -> tuple[Field, ...]:
        """Return the fields whose title or tag folds to the same as one of the names."""
        wanted = {fold(name) for name in names} - {""}
        return tuple(field for field in self._fields if wanted & {fold(field.title), fold(field.perstag)})

    def matches(self, spec: FieldSpec, named: str | None = None) -> tuple[Field, ...]:
        """Return the fields that may be meant: none is missing, one is found, several are ambiguous.

        A match is a field whose title or tag folds like the title or tag of `spec`. None is better than another, not
        even the one with exactly the tag: people retitle fields and make new ones of the old name, so that only they
        know which is meant. They say it by `named`: the fields it names exactly are the only matches (`%TAG%`: those
        with that tag; otherwise: with that title or tag; letter case aside); where there are none, those it folds like.
        """
        if named:
            return self._exactly(named) or self.alike(named)
        return self.alike(spec.title, spec.perstag)

    def _exactly(self, name: str) -> tuple[Field, ...]:
        tag = bare_tag(name)
        if tag is not None:
            return self._tagged(tag)
        key = name_key(name)
        return tuple(f for f in self._fields if key and key in {name_key(f.title), name_key(f.perstag)})

    def _tagged(self, perstag: str) -> tuple[Field, ...]:
        key = tag_key(perstag)
        return tuple(field for field in self._fields if key and tag_key(field.perstag) == key)

    def _titled(self, title: str) -> tuple[Field, ...]:
        return tuple(field for field in self._fields if name_key(field.title) == name_key(title))


class NameCatalog(Generic[Named]):
    """Tags or lists by name, compared without case; the first of two alike wins."""

    def __init__(self, items: Iterable[Named]) -> None:
        self._by_name: dict[str, Named] = {}
        for item in items:
            self._by_name.setdefault(name_key(item.name), item)

    def find(self, name: str) -> Named | None:
        """Return the one of that name."""
        return self._by_name.get(name_key(name))
