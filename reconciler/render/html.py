r"""Live text in HTML and SVG, and JSON inside a script element: none of it can be markup.

| where           | how                                                                        |
|-----------------|----------------------------------------------------------------------------|
| text, attribute | `&amp;` `&lt;` `&gt;` `&quot;` `&#x27;`                                     |
| JSON            | `<`, `>`, `&`, U+2028 and U+2029 as `\u003c` and so on: no `</script`, no   |
|                 | `<!--`, and the same values                                                |

What is shown is made visible first (see `safe`).
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Iterator, Mapping

import orjson

from reconciler.core.model import Json

_SLOT = re.compile(r"\{\{(\w+)\}\}")
_ACTIVE = re.compile("[<>&\u2028\u2029]")


def escaped(text: str) -> str:
    """Visible text, as the text of an element or the value of a quoted attribute."""
    return html.escape(text)


def element(name: str, text: str, /, **attributes: str) -> str:
    """An element of ours with visible text; `class_` stands for `class`, `aria_x` for `aria-x`."""
    return f"<{name}{_attributes(attributes)}>{escaped(text)}</{name}>"


def filled(page: str, slots: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """A page of ours, piece by piece, with what belongs in its `{{slots}}`."""
    for at, piece in enumerate(_SLOT.split(page)):
        if at % 2:
            yield from slots[piece]
        else:
            yield piece


def policy(style: str, script: str = "") -> str:
    """The policy of a page that lets nothing run or load but this style and this script."""
    allowed = [
        f"style-src {_hashed(style)}",
        *([f"script-src {_hashed(script)}"] if script else []),
    ]
    return f"default-src 'none'; {'; '.join(allowed)}; base-uri 'none'; form-action 'none'"


def _hashed(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def json_in_script(value: Json) -> str:
    """The value as JSON, for a script element that only holds data."""
    return _ACTIVE.sub(_number, orjson.dumps(value).decode())


def _number(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _attributes(attributes: Mapping[str, str]) -> str:
    names = {name: name.rstrip("_").replace("_", "-") for name in attributes}
    return "".join(f' {names[name]}="{escaped(value)}"' for name, value in attributes.items())
