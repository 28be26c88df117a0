"""Names of custom fields, tags and lists to what the account has under them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from ac_pipeline.model.account import Field, FieldSpec
from ac_pipeline.model.contact import MailingList, Tag

Named = TypeVar("Named", Tag, MailingList)


def name_key(name: str) -> str:
    """Return what two names share that the service takes for one: compared without case and outer spaces."""
    return name.strip().casefold()


def tag_key(perstag: str) -> str:
    """Return a personalisation tag for comparison: no percent signs, no spaces, no case (reference, section 7.1)."""
    return "".join(perstag.strip().strip("%").split()).casefold()


class FieldCatalog:
    """The custom fields of an account, found by tag or title; the first of two alike wins."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._by_tag: dict[str, Field] = {}
        self._by_title: dict[str, Field] = {}
        for field in fields:
            self._by_tag.setdefault(tag_key(field.perstag), field)
            self._by_title.setdefault(name_key(field.title), field)
        self._by_tag.pop("", None)

    def by_tag(self, perstag: str) -> Field | None:
        """Return the field with a personalisation tag, `SHIRT_SIZE` and `%shirt_size%` alike."""
        return self._by_tag.get(tag_key(perstag))

    def by_title(self, title: str) -> Field | None:
        """Return the field with a title."""
        return self._by_title.get(name_key(title))

    def find(self, spec: FieldSpec) -> Field | None:
        """Return the field that is meant: by tag first, because people retitle fields, then by title."""
        return self.by_tag(spec.perstag) or self.by_title(spec.title)


class NameCatalog(Generic[Named]):
    """Tags or lists by name, compared without case; the first of two alike wins."""

    def __init__(self, items: Iterable[Named]) -> None:
        self._by_name: dict[str, Named] = {}
        for item in items:
            self._by_name.setdefault(name_key(item.name), item)

    def find(self, name: str) -> Named | None:
        """Return the one of that name."""
        return self._by_name.get(name_key(name))
