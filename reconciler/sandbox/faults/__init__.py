"""Faults on the wire: a front stands between a client and the sandbox, and plays them.

    with running() as sandbox, playing(sandbox, on("upload", lost_answer(), nth=3)) as front:
        ...  # a client of front.url
    front.log, sandbox.mutations  # what was played on each request; what was committed

`named` lists the faults, `fault` says what they are made of, `script` which requests a rule is
about, `profiles` what `reconciler sandbox --faults` plays.

| module   | its one reason                                                       |
|----------|----------------------------------------------------------------------|
| front    | the socket, the connections, their threads, the log                  |
| player   | one fault played on one request                                      |
| script   | which fault is played on which request                               |
| profiles | scripts for rehearsals                                               |
| named    | the faults that have names                                           |
| fault    | what faults are made of                                              |
| wire     | answers as bytes, with what goes wrong                               |
| held     | requests that are forwarded late                                     |
| upstream | the connections to the sandbox                                       |
| http1    | messages off a socket, and back                                      |
"""

from reconciler.sandbox.faults.fault import Fault
from reconciler.sandbox.faults.front import Front, playing
from reconciler.sandbox.faults.http1 import Request
from reconciler.sandbox.faults.named import (
    bad_gzip,
    closed,
    cut_answer,
    dripped,
    empty,
    gzip_bomb,
    html,
    late,
    lost_answer,
    meanwhile,
    no_answer,
    noise,
    partly,
    redirect,
    refused_unread,
    reset_read,
    reset_unread,
    rewritten,
    said_no,
    slow_sink,
    status,
    throttled,
    truncated,
    unfinished,
    with_headers,
    wrong_length,
)
from reconciler.sandbox.faults.player import Played
from reconciler.sandbox.faults.script import AnyRule, Chance, Rule, on, reused

__all__ = [
    "AnyRule",
    "Chance",
    "Fault",
    "Front",
    "Played",
    "Request",
    "Rule",
    "bad_gzip",
    "closed",
    "cut_answer",
    "dripped",
    "empty",
    "gzip_bomb",
    "html",
    "late",
    "lost_answer",
    "meanwhile",
    "no_answer",
    "noise",
    "on",
    "partly",
    "playing",
    "redirect",
    "refused_unread",
    "reset_read",
    "reset_unread",
    "reused",
    "rewritten",
    "said_no",
    "slow_sink",
    "status",
    "throttled",
    "truncated",
    "unfinished",
    "with_headers",
    "wrong_length",
]
