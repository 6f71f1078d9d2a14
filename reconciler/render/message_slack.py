"""A message in Slack's shape, for its incoming webhooks, and those that take the same.

Texts of others make no mention, no link and no formatting there:

| in the text                     | in the message                                               |
|---------------------------------|--------------------------------------------------------------|
| what acts or hides (see `safe`) | its number                                                   |
| `&`, `<`, `>`                   | `&amp;`, `&lt;`, `&gt;`: `<!channel>` and `<url|text>` are   |
|                                 | nothing but characters                                       |
| a backtick                      | `'`: it would end the code that the text stands in           |

Slack takes headers of 150 characters, sections of 3,000 and 50 blocks: what would be longer is cut
before it is escaped, and so never in the middle of an escape.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.core.message import Message, MessageItem, headline
from reconciler.core.model import Json
from reconciler.core.normal import canonical
from reconciler.render.values import clipped

_HEADER: Final = 150
_SECTION: Final = 3_000
_NAME: Final = 64
_TITLE: Final = 80
_ERROR: Final = 280
"""Columns. Escaped, none is more than five times as long."""


def message_slack(message: Message) -> bytes:
    """The message, as JSON."""
    head = headline(message)
    told = ", ".join((*_counts(message), f"exit {message.exit_code}"))
    blocks: list[Json] = [
        {"type": "header", "text": {"type": "plain_text", "text": head[:_HEADER], "emoji": False}},
        _section(told),
    ]
    if message.error is not None:
        blocks.append(_section(_code(message.error, _ERROR)))
    blocks += [_section(text) for text in _packed(_lines(message))]
    beneath = " · ".join(_beneath(message))
    if beneath:
        blocks.append({"type": "context", "elements": [_words(beneath)]})
    return canonical(
        {
            "text": f"{_escaped(head)} ({told})",
            "blocks": blocks,
            "unfurl_links": False,
            "unfurl_media": False,
        }
    )


def _counts(message: Message) -> Iterator[str]:
    for what, count in message.counts.items():
        yield f"{count:,} {what}"
    if message.converged is not None:
        yield "converged" if message.converged else "not converged"


def _lines(message: Message) -> Iterator[str]:
    yield from map(_line, message.items)
    if message.more:
        yield f"and {message.more:,} more"


def _line(item: MessageItem) -> str:
    did = "" if item.action is None else f" {item.action}"
    key = "" if item.key is None else f" {_code(item.key, _NAME)}"
    title = "" if item.title is None else f" {_code(item.title, _TITLE)}"
    bucket = "" if item.bucket is None else f" in {_code(item.bucket, _NAME)}"
    return f"• *{item.what}*{did}{key}{title}{bucket}"


def _beneath(message: Message) -> Iterator[str]:
    if message.ci_run is not None:
        yield f"<{_escaped(message.ci_run)}|CI run>"
    if message.anchor is not None:
        yield f"ledger at {_code(message.anchor, 2 * _NAME)}"


def _packed(lines: Iterable[str]) -> Iterator[str]:
    """As many lines together as a section takes."""
    packed = ""
    for line in lines:
        if packed and _length(packed) + _length(line) >= _SECTION:
            yield packed
            packed = ""
        packed += f"\n{line}" if packed else line
    if packed:
        yield packed


def _length(text: str) -> int:
    """As programs in JavaScript count: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def _section(text: str) -> Json:
    return {"type": "section", "text": _words(text)}


def _words(text: str) -> Json:
    # Verbatim: an address or a name in it becomes no link.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _code(text: str, room: int) -> str:
    return f"`{_escaped(clipped(text, room)).replace('`', chr(39)) or ' '}`"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
