"""The sandbox as a WSGI application: routes, the token, errors; no socket.

| page's call (all under /api/buckets)          | route                          | method        |
|-----------------------------------------------|--------------------------------|---------------|
| Upload: POST :bucket_id/files                 | POST <bucket>/files            | upload        |
| List: GET :bucket_id/files                    | GET <bucket>/files             | listing       |
| Update: PUT :bucket_id/files/:id              | PUT <bucket>/files/<ref>       | update        |
| Delete: DELETE :bucket_id/files/:ids          | DELETE <bucket>/files/<refs>   | delete        |
| Move: PUT :bucket_id/files/:ids/move          | PUT <bucket>/files/<refs>/move | move          |
| Get: GET :bucket_id/files/:ids                | GET <bucket>/files/<refs>      | get           |
| Dump: GET :bucket_id/dump                     | GET <bucket>/dump              | dump          |
|   its `down_url`                              | GET <bucket>/down/<task>       | down          |

Parameters: `forms` (each function's docstring names them). Fields: the table in `answers`.
Vendor's spellings: the table in `calls`. Behaviour that nobody knows: the table in `quirks`.

The application is what `server` puts behind a socket. What disturbs requests or answers on their
way does not belong in here: a delay is WSGI around WSGI, a fault stands before the socket.
"""

from __future__ import annotations

import hmac
import re
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.routing import Map, Rule

from reconciler.sandbox.bucket_calls import BucketCalls
from reconciler.sandbox.buckets import Buckets
from reconciler.sandbox.calls import FileCalls, Service
from reconciler.sandbox.dumps import Dumps
from reconciler.sandbox.incoming import LARGEST_FIELDS
from reconciler.sandbox.laravel import NotFoundError, ValidationError, wants_json
from reconciler.sandbox.quirks import Quirks
from reconciler.sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask.typing import ResponseReturnValue, RouteCallable

    from reconciler.sandbox.database import Database

LARGEST_UPLOAD = 1 << 30
_HOME = "<!DOCTYPE html>\n<title>ACRCloud sandbox</title>\n<p>A local stand-in; see /api/buckets.\n"
_REDIRECT = (
    '<!DOCTYPE html>\n<title>Redirecting</title>\n<p>Redirecting to <a href="{0}">{0}</a>.\n'
)


class _PhpJson(DefaultJSONProvider):
    """json_encode keeps the order of keys; Flask would sort them."""

    sort_keys = False


@dataclass(frozen=True, slots=True)
class Request:
    """One request that was answered, for those who watch. `query` is its raw query string."""

    method: str
    path: str
    status: int
    query: str = ""


def create_app(
    database: Database,
    *,
    quirks: Quirks | None = None,
    token: str | None = None,
    clock: Callable[[], float] = time.time,
    ready_after: float = 1.0,
    watch: Callable[[Request], None] | None = None,
) -> Flask:
    """The application on one database.

    `token` None takes any bearer token, but never none. `watch` is called for every request
    just before its answer is sent.
    """
    quirks = quirks or Quirks()
    service = Service(
        store=Store(database, read_lag=quirks.read_lag),
        buckets=Buckets(database),
        dumps=Dumps(database),
        quirks=quirks,
        clock=clock,
        ready_after=ready_after,
    )
    app = Flask("reconciler.sandbox", static_folder=None, template_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_UPLOAD, MAX_FORM_MEMORY_SIZE=LARGEST_FIELDS)
    app.json = _PhpJson(app)
    routes = _routes(FileCalls(service), BucketCalls(service))
    app.url_map = _url_map(tuple(routes))
    app.view_functions.update(routes)
    app.register_error_handler(ValidationError, _invalid)
    app.register_error_handler(NotFoundError, _not_found)
    app.register_error_handler(HTTPException, _http_error)
    app.before_request(lambda: _unauthorized(token))
    if watch is not None:
        app.after_request(_reporting(watch))
    return app


def _routes(files: FileCalls, buckets: BucketCalls) -> Mapping[str, RouteCallable]:
    """What answers a request, by its method and path."""
    bucket = "/api/buckets/<bucket>"
    return {
        "GET /": lambda: Response(_HOME, mimetype="text/html"),
        "GET /api/buckets": buckets.listing,
        "POST /api/buckets": buckets.create,
        f"GET {bucket}": buckets.get,
        f"POST {bucket}/files": files.upload,
        f"GET {bucket}/files": files.listing,
        f"DELETE {bucket}/files": files.delete,
        f"GET {bucket}/files/<refs>": files.get,
        f"PUT {bucket}/files/<ref>": files.update,
        f"DELETE {bucket}/files/<refs>": files.delete,
        f"PUT {bucket}/files/<refs>/move": files.move,
        f"POST {bucket}/files/move": files.move_from,
        f"GET {bucket}/dump": files.dump,
        f"GET {bucket}/files/dump": files.dump,
        f"GET {bucket}/down/<task>": files.down,
    }


@cache
def _url_map(routes: tuple[str, ...]) -> Map:
    """Made once in a process, since to compile it takes longer than to start all the rest."""
    rules = (
        Rule(path, endpoint=route, methods=[method])
        for route in routes
        for method, path in [route.split(" ")]
    )
    # "//" stays an empty id, and an empty id names nothing.
    return Map(rules, strict_slashes=False, merge_slashes=False)


def _unauthorized(token: str | None) -> ResponseReturnValue | None:
    """401 before anything else (KNOWN: JSON with `error`), also for paths that do not exist."""
    if request.path == "/":
        return None
    match = re.fullmatch(r"(?i:bearer) +(\S+)", request.headers.get("Authorization", "").strip())
    sent = match[1] if match else ""
    if sent and (token is None or hmac.compare_digest(sent.encode("latin-1"), token.encode())):
        return None
    return jsonify({"error": "Authentication Exception"}), 401


def _reporting(watch: Callable[[Request], None]) -> Callable[[Response], Response]:
    def report(response: Response) -> Response:
        query = request.query_string.decode("latin-1")
        watch(Request(request.method, request.path, response.status_code, query))
        return response

    return report


def _invalid(error: ValidationError) -> ResponseReturnValue:
    if not wants_json(request.headers.get("Accept", "")):
        home = request.host_url
        body = _REDIRECT.format(home.replace('"', "%22").replace("<", "%3C"))
        return Response(body, status=302, headers={"Location": home}, mimetype="text/html")
    return jsonify({"message": str(error), "errors": error.errors}), 422


def _not_found(error: NotFoundError) -> ResponseReturnValue:
    return jsonify({"message": f"No query results for {error}."}), 404


def _http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        message = f"The {request.method} method is not supported. Supported methods: {allowed}."
        return jsonify({"message": message}), code, {"Allow": allowed}
    if isinstance(error, RequestEntityTooLarge):
        return jsonify({"message": "The POST data is too large."}), code
    if code == 404:
        path = request.path.lstrip("/")
        return jsonify({"message": f"The route {path} could not be found."}), code
    return jsonify({"message": "Server Error" if code >= 500 else error.description}), code
