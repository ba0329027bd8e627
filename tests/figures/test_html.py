"""Text that somebody typed stays text."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from napari_cellcycle.figures.html import facts, page, table, tag

TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40)


class Seen(HTMLParser):
    """What a browser would see: elements, attributes, text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@given(TEXT, TEXT)
def test_typed_text_is_never_markup(typed: str, other: str) -> None:
    body = [
        tag("p", typed, tag("b", other), other, title=typed),
        table([typed], [[other], [None]]),
        facts([(typed, other)]),
    ]
    seen = Seen(page(typed, *body))
    plain = Seen(page("x", tag("p", "x", tag("b", "x"), "x", title="x"), *body[1:]))
    assert seen.tags == plain.tags
    assert ("title", typed) in seen.attributes
    assert typed + other + other in seen.text


def test_what_would_be_markup_is_written_out() -> None:
    text = page("</title><script>", tag("p", "<img src=x onerror=alert(1)>&amp;", title='"><b>'))
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;&amp;amp;" in text
