"""What went wrong, for standard error: `error:` and `warning:`, and what follows below them."""

from rich.text import Text

from reconciler.render.page import one_line
from reconciler.render.safe import said


def error_text(message: str) -> Text:
    """`error: ` and the message, whose further lines stand below its first. No final newline."""
    return _told("error", "bold red", message)


def warning_text(message: str) -> Text:
    """`warning: ` and the message, whose further lines stand below its first. No final newline."""
    return _told("warning", "bold yellow", message)


def _told(word: str, style: str, message: str) -> Text:
    """A line is one of the message's own: a newline in a title was escaped where it was quoted."""
    text = Text(f"{word}: ", no_wrap=True, overflow="ignore")
    text.stylize(style, 0, len(word) + 1)
    first, *rest = message.split("\n")
    text.append(said(first))
    for line in rest:
        text.append("\n")
        for part, _ in one_line((((" " * (len(word) + 2)) + said(line), ""),)):
            text.append(part)
    return text
