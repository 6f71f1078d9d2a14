"""Crash times fault: what happens in one small story is chosen by its seed, and by nothing else.

A run meets a fault, and dies at some point after it; the next run may meet another; and those
that follow meet none. `play` tells the story, and raises where something is not as it must be.

| must be true                                                        | when              |
|---------------------------------------------------------------------|-------------------|
| what was done is on the ledger, and in a plan (I2, I5, I6)          | after every run   |
| files of nobody's business are as they were (I2)                    | after every run   |
| a key that had a ready file has one (nothing is lost)               | after every run   |
| of each key and source one file was made (I1)                       | after every run   |
| a run that says that it converged is right (I10)                    | after every run   |
| a few runs without a fault converge, and one more plans nothing (I3)| in the end        |
"""

from __future__ import annotations

import random
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from reconciler.applying import Finished
from reconciler.sandbox.faults import (
    bad_gzip,
    closed,
    cut_answer,
    empty,
    html,
    late,
    lost_answer,
    noise,
    on,
    partly,
    redirect,
    refused_unread,
    reset_read,
    reset_unread,
    rewritten,
    said_no,
    status,
    throttled,
    truncated,
    unfinished,
    wrong_length,
)
from tests.simulation.world import Died, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from reconciler.sandbox.faults import Fault, Rule
    from tests.crashing.points import Mode
    from tests.simulation.world import Ended, World

What = Literal["list", "get", "upload", "update", "move", "delete"]
MakeWorld: TypeAlias = "Callable[[str], World]"
"""An empty world, of a service with this quirk."""

_ANY: Mapping[str, Callable[[], Fault]] = {
    "reset_unread": reset_unread,
    "reset_read": reset_read,
    "lost_answer": lost_answer,
    "cut_answer": cut_answer,
    "closed": closed,
    "wrong_length": wrong_length,
    "truncated": truncated,
    "unfinished": unfinished,
    "bad_gzip": bad_gzip,
    "html": html,
    "gateway": lambda: html(502, committed=False),
    "redirect": lambda: redirect("http://127.0.0.1:9/login"),
    "noise": lambda: noise(b"\x00\x01nothing of HTTP", committed=True),
    "throttled": throttled,
    "throttled for hours": lambda: throttled("86400"),
    "said_no": lambda: said_no(committed=True),
    **{str(code): partial(status, code) for code in (401, 403, 404, 408, 409, 413, 422, 500, 503)},
}
_WRITTEN: Mapping[str, Callable[[], Fault]] = {
    "500 after it was done": lambda: status(500, committed=True),
    "404 after it was done": lambda: status(404, committed=True),
    "empty": empty,
    "late": late,
    "refused_unread": refused_unread,
}
_OF_SEVERAL: Mapping[str, Callable[[], Fault]] = {
    "partly": lambda: partly(1),
    "partly, and refused": lambda: partly(1, 404),
}
_READ: Mapping[str, Callable[[], Fault]] = {
    "a file is missing": lambda: rewritten(_without_first),
    "a file is there twice": lambda: rewritten(_with_first_twice),
    "no file": lambda: rewritten(lambda page: {**page, "data": []}),
}
FAULTS: Mapping[What, Mapping[str, Callable[[], Fault]]] = {
    "list": {**_ANY, **_READ},
    "get": {**_ANY, **_READ},
    "upload": {**_ANY, **_WRITTEN},
    "update": {**_ANY, **_WRITTEN},
    "move": {**_ANY, **_WRITTEN, **_OF_SEVERAL},
    "delete": {**_ANY, **_WRITTEN, **_OF_SEVERAL},
}
"""What can go wrong with a request of each kind."""


def _without_first(page: Any) -> Any:
    return {**page, "data": page["data"][1:]} if isinstance(page.get("data"), list) else page


def _with_first_twice(page: Any) -> Any:
    data = page.get("data")
    return {**page, "data": [*data, *data[:1]]} if isinstance(data, list) else page


def _creating(world: World) -> None:
    """A new file, and one that takes the place of another."""
    world.entries = {
        "new": Wanted("New", source="0", values={"artist": "Acme"}),
        "outdated": Wanted("Outdated", source="1", values={"year": 1979}),
    }
    world.add("outdated", "Outdated", source="7", values={"year": 1979, "played_duration": 8})


def _moving(world: World) -> None:
    """Files in the wrong bucket, one of them with the wrong title."""
    world.entries = {
        "moved": Wanted("Moved", "archive"),
        "moved-on": Wanted("Moved on", "archive", values={"season": "winter"}),
        "there": Wanted("There", "archive"),
    }
    world.add("moved", "Moved")
    world.add("moved-on", "Moved on", values={"season": "summer"})
    world.add("there", "There", "archive")


def _changing(world: World) -> None:
    """Titles and values that differ, orphans, and a duplicate."""
    world.entries = {
        "retitled": Wanted("New title", values={"artist": "Acme"}),
        "stripped": Wanted("Stripped"),
        "twice": Wanted("Twice", source="3"),
    }
    world.add("retitled", "Old title", values={"artist": "Acme", "from": "ucf"})
    world.add("stripped", "Stripped", values={"gone": {"a": [1]}})
    world.add("twice", "Twice", source="3")
    world.add("twice", "Twice", source="3")
    world.add("nobody", "Orphan", source="5")
    world.add("no-one", "Another orphan", source="6")


SCENES: Mapping[str, Callable[[World], None]] = {
    "creating": _creating,
    "moving": _moving,
    "changing": _changing,
}

QUIRKS = ("", "", "", "put=merge", "move_ids=new", "unknown_id=skipped", "unknown_id=refused")
"""What the service is like; nothing: as its page says."""


@dataclass(frozen=True)
class Hit:
    """A fault: on which requests of a run."""

    what: What
    nth: int
    name: str
    times: int

    def rule(self) -> Rule:
        return on(self.what, FAULTS[self.what][self.name](), skip=self.nth - 1, times=self.times)


@dataclass(frozen=True)
class Story:
    """What happens. As it is shown, it can be kept as a test."""

    scene: str
    quirk: str
    first: Hit
    die_at: int
    mode: Mode
    seed: int
    second: Hit | None = None


class Stories:
    """Makes stories from seeds. What a scene is like when nothing goes wrong is found out once."""

    def __init__(self, make_world: MakeWorld) -> None:
        """`make_world` makes an empty one."""
        self._make_world = make_world
        self._points: dict[tuple[str, str], Sequence[str]] = {}

    def of(self, seed: int) -> Story:
        """The story of a seed, always the same."""
        chance = random.Random(seed)
        scene, quirk = chance.choice(list(SCENES)), chance.choice(QUIRKS)
        points = self._points_of(scene, quirk)
        first = _hit(chance, points)
        # From the fault's request on, so that it is met before the end.
        begins = _place(points, first)
        return Story(
            scene=scene,
            quirk=quirk,
            first=first,
            die_at=chance.randint(begins, len(points)),
            mode=chance.choice(("kill", "kill", "power", "torn power")),
            seed=seed,
            second=_hit(chance, points) if chance.random() < 0.3 else None,
        )

    def _points_of(self, scene: str, quirk: str) -> Sequence[str]:
        if (scene, quirk) not in self._points:
            world = self._make_world(quirk)
            SCENES[scene](world)
            ended, passed = world.apply()
            assert isinstance(ended, Finished)
            assert ended.converged
            self._points[scene, quirk] = passed
        return self._points[scene, quirk]


_REQUEST = re.compile(r"([A-Z]+) /api/buckets/\d+/files(/[^/]+)?(/move)?")
_WHAT: Mapping[tuple[str, bool, bool], What] = {
    ("GET", False, False): "list",
    ("GET", True, False): "get",
    ("POST", False, False): "upload",
    ("PUT", True, False): "update",
    ("PUT", True, True): "move",
    ("DELETE", True, False): "delete",
}
"""By method, and whether the path has ids and `/move`."""


def _kinds(points: Sequence[str]) -> Sequence[tuple[int, What]]:
    """The requests among the points: where, counted from 1, and of which kind."""
    found: list[tuple[int, What]] = []
    for number, point in enumerate(points, start=1):
        request, _, moment = point.rpartition(" ")
        match = _REQUEST.fullmatch(request)
        if moment == "before" and match is not None:
            found.append((number, _WHAT[match[1], bool(match[2]), bool(match[3])]))
    return found


def _hit(chance: random.Random, points: Sequence[str]) -> Hit:
    requests = Counter(kind for _, kind in _kinds(points))
    what = chance.choice(sorted(requests))
    name = chance.choice(list(FAULTS[what]))
    return Hit(what, chance.randint(1, requests[what]), name, chance.choice((1, 1, 2, 5)))


def _place(points: Sequence[str], hit: Hit) -> int:
    return [number for number, kind in _kinds(points) if kind == hit.what][hit.nth - 1]


@contextmanager
def naming(story: Story) -> Iterator[None]:
    """Let a failure say which story it was."""
    try:
        yield
    except BaseException as error:
        error.add_note(repr(story))
        raise


@dataclass(frozen=True)
class Told:
    """What happened."""

    crashed: bool
    faults: int
    """How many requests met one."""

    @property
    def is_pair(self) -> bool:
        """A crash, and a fault: not every run lives to its point."""
        return self.crashed and self.faults > 0


_ENOUGH = 3
"""So many runs without a fault, at most, until nothing is left to do."""


def play(story: Story, world: World) -> Told:
    """Tell the story in an empty world."""
    SCENES[story.scene](world)
    theirs = (
        world.add(None, "Somebody's"),
        world.add(None, "Another's", values={"catalog_key": "other/new"}),
    )
    bystanders = {number: world.sandbox.file(number) for number in theirs}
    had_ready = world.ready() & world.entries.keys()

    def run(*hits: Hit, die_at: int | None = None) -> Ended:
        rules = [hit.rule() for hit in hits]
        ended, _ = world.apply(*rules, die_at=die_at, mode=story.mode, seed=story.seed)
        world.is_sound()
        assert all(world.sandbox.file(n) == before for n, before in bystanders.items())
        assert had_ready <= world.ready(), "a key has lost its only ready file"
        assert set(world.made.values()) <= {1}, f"made more than once: {world.made}"
        if isinstance(ended, Finished) and ended.converged:
            world.is_as_wanted()
        return ended

    # What comes late comes while the next run waits for it.
    world.clock.on_sleep = world.front.release
    ended = run(story.first, die_at=story.die_at)
    crashed = isinstance(ended, Died)
    if story.second is not None:
        run(story.second)
    faults = sum(1 for played in world.front.log if played.fault is not None)
    for _ in range(_ENOUGH):
        ended = run()
        if isinstance(ended, Finished) and ended.converged:
            break
    assert isinstance(ended, Finished), ended
    # That its plan is empty is what converged means; that so is another's, some stories show.
    assert ended.converged, ended
    if story.seed % 10 == 0:
        assert world.plan().changes == ()
    return Told(crashed, faults)
