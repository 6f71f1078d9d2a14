r"""Live text in HTML and SVG, and JSON inside a script element: none of it can be markup.

| where           | how                                                                        |
|-----------------|----------------------------------------------------------------------------|
| text, attribute | `&amp;` `&lt;` `&gt;` `&quot;` `&#x27;`                                     |
| JSON            | `<`, `>`, `&`, U+2028 and U+2029 as `\u003c` and so on: no `</script`, no   |
|                 | `<!--`, and the same values                                                |

What is shown is made visible first (see `safe`).
"""

import html
import re
from collections.abc import Mapping

import orjson

from reconciler.core.model import Json

_ACTIVE = re.compile("[<>&\u2028\u2029]")


def escaped(text: str) -> str:
    """Visible text, as the text of an element or the value of a quoted attribute."""
    return html.escape(text)


def element(name: str, text: str, /, **attributes: str) -> str:
    """An element of ours with visible text; `class_` stands for `class`, `aria_x` for `aria-x`."""
    return f"<{name}{_attributes(attributes)}>{escaped(text)}</{name}>"


def json_in_script(value: Json) -> str:
    """The value as JSON, for a script element that only holds data."""
    return _ACTIVE.sub(_number, orjson.dumps(value).decode())


def _number(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _attributes(attributes: Mapping[str, str]) -> str:
    names = {name: name.rstrip("_").replace("_", "-") for name in attributes}
    return "".join(f' {names[name]}="{escaped(value)}"' for name, value in attributes.items())
