r"""Live text in Markdown, for comments on pull and merge requests (CommonMark, as GitHub and GitLab
read it): it is code, so it makes no link, no mention, no tag and no table.

| where           | how                                                                            |
|-----------------|--------------------------------------------------------------------------------|
| in a sentence   | a span of code, between more backticks than it holds                           |
| in a table cell | the same; `\|` for a `|`, which tables look for in code as well                |
| lines           | a block of code, between fences of more backticks than it holds; no line of it |
|                 | begins as a command does: `::error::` to a runner, `/close` to GitLab          |

All of it is made visible first (see `safe`), so a text is on one line, and can be read back. That
HTML is escaped inside `<code>` is not relied on: links are made there, too. The only tags are those
of `details`, with words of ours between them.
"""

import re
from collections.abc import Iterable

from reconciler.render.safe import guarded, said
from reconciler.render.values import NO_LIMIT, clipped, message_text

_TICKS = re.compile("`+")
_COMMAND = re.compile(r"(\s*)/(?=[A-Za-z])")
_SHORTEST_FENCE = 3


def code(text: str, room: int = NO_LIMIT) -> str:
    """A span of code with the visible text, cut to `room` columns. An empty text is one space."""
    return _span(clipped(text, room))


def cell(text: str, room: int = NO_LIMIT) -> str:
    """The same for a cell of a table. Elsewhere its `|` would be shown as `\\|`."""
    # In visible text a backslash is one of a pair: none is left over to take the `|` for itself.
    return _span(clipped(text, room).replace("|", r"\|"))


def message(text: str) -> str:
    """A span of code with a message of ours, which quotes values escaped. Not for a cell."""
    return _span(message_text(text))


def block(lines: Iterable[str], language: str = "") -> str:
    """A block of code with these lines, visible; ends with a newline. They may be visible
    already: backslashes stay. `language`: a word of ours, such as `diff`."""
    body = "".join(f"{_line(line)}\n" for line in lines)
    fence = "`" * max(_SHORTEST_FENCE, _longest_ticks(body) + 1)
    return f"{fence}{language}\n{body}{fence}\n"


def details(summary: str, inside: str) -> str:
    """What is folded away until somebody opens it; ends with a newline. `summary`: words of ours,
    since tags and not Markdown are around it. The empty lines make Markdown of what is inside."""
    return f"<details><summary>{summary}</summary>\n\n{inside}\n</details>\n"


def _span(shown: str) -> str:
    if not shown.strip(" "):
        # Spaces alone are not taken away.
        return f"`{shown or ' '}`"
    ticks = "`" * (_longest_ticks(shown) + 1)
    # One space is taken away on both sides where there is one on both.
    edge = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{edge}{shown}{edge}{ticks}"


def _line(line: str) -> str:
    shown = guarded(said(line))
    return _COMMAND.sub(r"\1\\u{2f}", shown, count=1) if _COMMAND.match(shown) else shown


def _longest_ticks(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
