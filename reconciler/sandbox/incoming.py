"""What came in with the request that is being answered: its fields, its query, its host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from reconciler.sandbox import json_text

if TYPE_CHECKING:
    from reconciler.sandbox.records import JsonValue

LARGEST_FIELDS = 1 << 20  # bytes of a JSON body, and of the text fields of a form


def fields() -> dict[str, JsonValue]:
    """The body's fields: JSON, multipart or URL-encoded.

    A body that cannot be read, or is no object, has no fields, as in Laravel: what then is
    missing is said by the validation.
    """
    if request.mimetype == "multipart/form-data":  # the one that may hold a file
        return dict(request.form.items())
    request.max_content_length = LARGEST_FIELDS
    if "json" not in request.mimetype:
        return dict(request.form.items())
    try:
        body = json_text.read(request.get_data(cache=False))
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def query() -> dict[str, JsonValue]:
    """The query's parameters; of a repeated one the first."""
    return dict(request.args.items())


def host() -> str:
    """The server's own address: what the page's links show, whatever host was asked for."""
    return f"http://{request.environ['SERVER_NAME']}:{request.environ['SERVER_PORT']}"
