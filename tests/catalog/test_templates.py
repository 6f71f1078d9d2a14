"""Templates say text and values, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog.templates import TemplateError, template
from tests.catalog.conftest import searched

VALUES = {"title": "First {stem}", "stem": "01", "empty": ""}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{title}", "First {stem}"),
        ("{stem} - {title}", "01 - First {stem}"),
        ("{empty|none|stem}", "01"),
        ("{none}", ""),
        ("{ Title | stem }", "First {stem}"),
        ("{{stem}}", "{stem}"),
        ("{{{stem}}}", "{01}"),
        ("100 % \\ $HOME", "100 % \\ $HOME"),
        ("{title.__class__}", ""),
        ("{stem!r:>10}", ""),
    ],
)
def test_what_it_says(text: str, filled: str) -> None:
    assert template(text).filled(VALUES) == filled


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "has a { that is not closed: {{ stands for a brace"),
        ("a{title", "has a { that is not closed: {{ stands for a brace"),
        ("a}b", "has a } without a { before it: }} stands for a brace"),
        ("{}", "has {}, where a name is meant, such as {title|stem}"),
        ("{title|}", "has {title|}, where a name is meant, such as {title|stem}"),
        ("{a{b}", "has {a{b}, where a name is meant, such as {title|stem}"),
    ],
)
def test_what_is_none(text: str, why: str) -> None:
    with pytest.raises(TemplateError) as caught:
        template(text)
    assert str(caught.value) == why


def test_its_names() -> None:
    assert template("{a|b} {{c}} {D}").names == {"a", "b", "d"}


@searched
@given(st.text())
def test_any_text_can_be_said(text: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert template(doubled).filled({}) == text
