"""A message as JSON, for programs: the values as they are (`schemas/message.schema.json`)."""

from typing import Final

from reconciler.core.message import Message, MessageItem
from reconciler.core.model import Json
from reconciler.core.normal import canonical

FORMAT: Final = "reconciler/message/1"


def message_json(message: Message) -> bytes:
    """The message; what does not apply is left out."""
    every: dict[str, Json] = {
        "format": FORMAT,
        "command": message.command,
        "catalog": None if message.catalog is None else {"name": message.catalog},
        "exit_code": message.exit_code,
        "counts": dict(message.counts),
        "items": [_item(item) for item in message.items],
        "more": message.more,
        "converged": message.converged,
        "error": message.error,
        "ci_run": message.ci_run,
        "anchor": message.anchor,
        "created_at": message.at,
        "tool": message.tool,
    }
    return canonical({name: value for name, value in every.items() if value is not None})


def _item(item: MessageItem) -> dict[str, Json]:
    every: dict[str, Json] = {
        "what": item.what,
        "action": item.action,
        "key": item.key,
        "title": item.title,
        "bucket": item.bucket,
    }
    return {name: value for name, value in every.items() if value is not None}
