"""HTML in which every text is escaped unless it was made here."""

from __future__ import annotations

from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | int | None
_EMPTY = frozenset({"input", "meta"})


def element(name: str, /, *children: Child, **attributes: str | float) -> Markup:
    """Return an element; children that are not Markup are escaped, None is left out. `class_` is `class`."""
    written = "".join(f' {key.rstrip("_")}="{escape(str(value))}"' for key, value in attributes.items())
    if name in _EMPTY:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def joined(*children: Child) -> Markup:
    """Return children one after the other, escaped as in `element`."""
    return Markup(
        "".join(child if isinstance(child, Markup) else escape(str(child)) for child in children if child is not None)
    )


def table(caption: str, heads: tuple[str, ...], rows: list[tuple[Child, ...]]) -> Markup:
    """Return a table with one line per row."""
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *(element("th", head, scope="col") for head in heads))),
        element("tbody", *(element("tr", *(element("td", cell) for cell in row)) for row in rows)),
    )
