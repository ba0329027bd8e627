"""HTML as a tree of elements: text that somebody typed can never be markup."""

from __future__ import annotations

import base64
from importlib.resources import files
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Element = ElementTree.Element
Content = str | Element | None

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""A browser loads nothing for such a page, whatever is in it."""


def tag(name: str, /, *content: Content, **attributes: object) -> Element:
    """Make an element; text is text, whatever it contains.

    Parameters
    ----------
    name : str
        Such as ``p``.
    *content : str or Element or None
        What is inside; None is left out.
    **attributes : object
        An underscore at the end is dropped (``class_``), others become hyphens.
    """
    named = {key.rstrip("_").replace("_", "-"): str(value) for key, value in attributes.items()}
    made, last = ElementTree.Element(name, named), None
    for item in content:
        if isinstance(item, str):
            if last is None:
                made.text = (made.text or "") + item
            else:
                last.tail = (last.tail or "") + item
        elif item is not None:
            made.append(item)
            last = item
    return made


def table(
    head: Sequence[Content], rows: Iterable[Sequence[Content]], *, right: Sequence[int] = ()
) -> Element:
    """Make a table.

    Parameters
    ----------
    head : sequence
        Names of the columns.
    rows : iterable of sequence
        Each as long as ``head``.
    right : sequence of int
        Columns of numbers.
    """

    def cells(kind: str, row: Sequence[Content]) -> list[Element]:
        return [
            tag(kind, item, **({"class": "number"} if i in right else {}))
            for i, item in enumerate(row)
        ]

    body = [tag("tr", *cells("td", row)) for row in rows]
    whole = tag("table", tag("thead", tag("tr", *cells("th", head))), tag("tbody", *body))
    return tag("div", whole, class_="wide")


def facts(pairs: Iterable[tuple[str, Content]]) -> Element:
    """Make a list of names and what is known of each."""
    items = [item for name, text in pairs for item in (tag("dt", name), tag("dd", text))]
    return tag("dl", *items)


def data_uri(content: bytes, kind: str) -> str:
    """Write a picture into the page itself; ``kind`` is such as ``image/png``."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def page(title: str, *content: Element) -> str:
    """Make a page that stands alone: its style is inside, and it loads nothing.

    Parameters
    ----------
    title : str
        Of the window.
    *content : Element
        Of the body.
    """
    style = files("napari_cellcycle.figures").joinpath("report.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", style),
    )
    whole = tag("html", head, tag("body", tag("main", *content)), lang="en")
    return "<!DOCTYPE html>\n" + ElementTree.tostring(whole, encoding="unicode", method="html")
