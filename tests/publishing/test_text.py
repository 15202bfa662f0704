"""Words in Markdown: what needs escaping is escaped, and nothing else."""

from __future__ import annotations

import math

import pytest
from markdown_it import MarkdownIt

from hubprune.publishing import text


@pytest.mark.parametrize(
    ("plain", "escaped"),
    [
        ("a_b", "a_b"),
        ("_a_ b_", r"\_a\_ b\_"),
        ("__init__", r"\_\_init\_\_"),
        ("a_*b*", r"a\_\*b\*"),
        ("--skip", "--skip"),
        ("---", r"\---"),
        ("- - -", r"\- - -"),
        ("= ", r"\="),
        ("-1", "-1"),
        ("#x", r"\#x"),
    ],
)
def test_escapes(plain: str, escaped: str) -> None:
    assert text.escape(plain) == escaped
    assert MarkdownIt("commonmark").render(text.escape(plain)).strip() == f"<p>{plain.strip()}</p>"


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_an_absent_fact_cannot_be_printed(value: float | None) -> None:
    with pytest.raises(ValueError, match="about to be printed"):
        text.escape(value)


def test_a_fence_is_longer_than_any_in_the_code() -> None:
    assert text.fenced("a\n```\n# b\n````") == "`````\na\n```\n# b\n````\n`````"
