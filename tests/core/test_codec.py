"""A plan as JSON and back, and what its two digests protect.

Who refuses what: bytes that are no JSON are refused by the JSON reader, with `ValueError`, which
is the caller's to catch; every other change of a plan's bytes is refused by `decode` itself, with
`PlanFileError`, and before anything in them is used. That a file with a right checksum has the
structure of a plan at all is the schema's to say, before `decode` is called.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import codec
from reconciler.core.change_codec import action, decode_change, encode_change, encode_content
from reconciler.core.codec import Made, digest_of, files_digest
from reconciler.core.content import Content
from reconciler.core.model import File, FileId, FileState, Key, Opaque, Place, Snapshot, SourceKind
from reconciler.core.normal import canonical
from reconciler.core.plan import (
    Change,
    Create,
    Delete,
    Move,
    Note,
    Options,
    Plan,
    PlannedSource,
    Purge,
    Revert,
    Rule,
    Seen,
    Summary,
    Update,
    Violation,
)
from reconciler.errors import PlanFileError
from tests.core.scenario import plan_of
from tests.core.worlds import World, searched, worlds


def encode(plan: Plan, made: Made) -> bytes:
    """The bytes as a whole."""
    return b"".join(codec.encode(plan, made))


def decode(data: bytes) -> tuple[Plan, Made]:
    return codec.decode(data, orjson.loads(data))


MADE = Made("2026-01-01T00:00:00Z", "reconciler 0.1")

PLAN = plan_of(
    """
    bucket spots 1 incomplete=late
    bucket archive 2
    bucket kept 3 prune=none
    entry a spots s1 x=1 y='[1,{"z":null}]'
    entry b archive s1 x=1 w=1.5
    entry c spots s2
    entry d spots s3
    entry e spots
    entry f spots s?
    entry g spots s4
    file 2 spots b s1
    file 3 spots c s1
    file 4 spots d s3
    file 5 spots d s3
    file 6 spots z
    file 7 spots g s4 broken
    file 8 kept y
    """,
    Options(allow={Rule.TWIN: 3, Rule.DELETE: 1}, only=("*", "b"), retry_broken=False),
)
"""A plan with something of everything."""


# Any plan.

_texts = st.text(max_size=6)
_ints = st.integers(0, 2**53)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | _texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_texts, inner, max_size=2),
    max_leaves=4,
)
_contents = st.builds(Content, _texts, st.dictionaries(_texts, _json, max_size=3))
_places = st.builds(Place, st.text(min_size=1, max_size=6), _ints, _ints)
_sources = st.builds(
    PlannedSource,
    st.sampled_from(SourceKind),
    st.none() | _texts,
    st.none() | _texts,
    st.none() | _ints,
)
_keys = _texts.map(Key)
_ids = _ints.map(FileId)
_optional_ids = st.none() | _ids
_creates = st.builds(
    Create,
    key=_keys,
    bucket=_texts,
    bucket_id=_ints,
    after=_contents,
    source=_sources,
    reason=_texts,
    declared_at=_places,
    replaces=_optional_ids,
    from_bucket=st.none() | _texts,
    from_bucket_id=st.none() | _ints,
)
_moves = st.builds(
    Move,
    key=_keys,
    file_id=_ids,
    acr_id=_texts,
    from_bucket=_texts,
    from_bucket_id=_ints,
    bucket=_texts,
    bucket_id=_ints,
    before=_contents,
    reason=_texts,
    declared_at=_places,
)
_thrown = st.builds(
    Move,
    key=st.none() | _keys,
    file_id=_ids,
    acr_id=_texts,
    from_bucket=_texts,
    from_bucket_id=_ints,
    bucket=_texts,
    bucket_id=_ints,
    before=_contents,
    reason=_texts,
    declared_at=st.none() | _places,
    trash=st.just(True),
    keeps=_optional_ids,
    keeps_bucket_id=st.none() | _ints,
    after_change=st.none() | _texts,
)
_updates = st.builds(
    Update,
    key=_keys,
    file_id=_ids,
    acr_id=_texts,
    bucket=_texts,
    bucket_id=_ints,
    before=_contents,
    after=_contents,
    fields=st.lists(_texts, max_size=2).map(tuple),
    reason=_texts,
    declared_at=_places,
    after_change=st.none() | _texts,
)
_deletes = st.builds(
    Delete,
    key=st.none() | _keys,
    file_id=_ids,
    acr_id=_texts,
    bucket=_texts,
    bucket_id=_ints,
    before=_contents,
    reason=_texts,
    declared_at=st.none() | _places,
    keeps=_optional_ids,
    keeps_bucket_id=st.none() | _ints,
    after_change=st.none() | _texts,
)
_options = st.builds(
    Options,
    allow=st.dictionaries(st.sampled_from(Rule), _ints, max_size=2),
    only=st.lists(_texts, max_size=2).map(tuple),
    retry_broken=st.booleans(),
    way=st.none()
    | st.builds(Revert, _texts, st.lists(_texts, max_size=2).map(tuple))
    | st.builds(Purge, _texts, st.booleans()),
)


def digested(plan: Plan) -> Plan:
    """The plan with the digest of what it does."""
    return replace(plan, digest=digest_of(plan, from_snapshot=plan.snapshot is not None))


_plans = st.builds(
    Plan,
    digest=st.just(""),
    catalog=_texts,
    catalog_digest=_texts,
    origin=_texts,
    live=st.dictionaries(_texts, st.builds(Seen, _ints, _ints, _texts), max_size=2),
    options=_options,
    changes=st.lists(_creates | _moves | _thrown | _updates | _deletes, max_size=3).map(tuple),
    violations=st.lists(
        st.builds(Violation, st.sampled_from(Rule), _texts, st.none() | _keys, st.none() | _places),
        max_size=2,
    ).map(tuple),
    notes=st.lists(
        st.builds(
            Note,
            _texts,
            _texts,
            st.none() | _keys,
            st.none() | _texts,
            _optional_ids,
            st.none() | _places,
        ),
        max_size=2,
    ).map(tuple),
    summary=st.builds(Summary, *[_ints] * len(Summary.__slots__)),
    snapshot=st.none() | st.builds(Snapshot, _texts, _ints),
).map(digested)


@searched
@given(_plans, st.builds(Made, _texts, _texts))
def test_any_plan_comes_back_as_it_was(plan: Plan, made: Made) -> None:
    data = encode(plan, made)
    assert decode(data) == (plan, made)
    assert encode(*decode(data)) == data


@searched
@given(worlds())
def test_the_plan_of_any_world_comes_back_as_it_was(world: World) -> None:
    plan = world.plan()
    assert decode(encode(plan, MADE)) == (plan, MADE)


def test_the_bytes_and_the_digest_of_a_plan_stay_what_they_were() -> None:
    """A plan that was reviewed before an upgrade can be applied after it. So what stands here
    changes with the format's number, and not without it."""
    assert PLAN.digest == "sha256:deeb7621aa6092af75b6f57d117463c02b3d8c335af1b826dfc1739da832c023"
    assert hashlib.sha256(encode(PLAN, MADE)).hexdigest() == (
        "85fd802fe7d68930f3d94e6bf56b3fc064af7a9dc3626cc7a3e7aae6390cf761"
    )


def test_a_plan_from_a_snapshot_has_another_digest_whatever_its_age() -> None:
    plans = [
        digested(replace(PLAN, snapshot=Snapshot(at, age))) for at, age in (("a", 1), ("b", 2))
    ]
    assert plans[0].digest == plans[1].digest != PLAN.digest
    assert decode(encode(plans[0], MADE)) == (plans[0], MADE)


@pytest.mark.parametrize("snapshot", [None, Snapshot("2026-01-01T00:00:00Z", 60)])
def test_what_a_plan_was_made_from_cannot_be_taken_from_it(snapshot: Snapshot | None) -> None:
    """Nor given to it: somebody wrote a whole file anew, with a right checksum."""
    other = None if snapshot is not None else Snapshot("2026-01-01T00:00:00Z", 60)
    forged = replace(digested(replace(PLAN, snapshot=snapshot)), snapshot=other)
    with pytest.raises(PlanFileError, match="its changes are not those of its digest"):
        decode(encode(forged, MADE))


def test_the_plan_file_is_as_the_design_says() -> None:
    body = json.loads(encode(PLAN, MADE))
    assert [*body] == [
        *("format", "digest", "catalog", "origin", "live", "options", "summary", "changes"),
        *("violations", "notes", "created_at", "tool", "checksum"),
    ]
    assert body["format"] == "reconciler/plan/1"
    assert body["catalog"] == {"name": "radio", "digest": "sha256:" + "0" * 64}
    assert body["origin"] == "https://api-v2.acrcloud.com/api"
    assert [*body["live"]] == ["archive", "kept", "spots"]
    assert [*body["live"]["spots"]] == ["id", "files", "digest"]
    assert body["options"] == {
        "allow": {"delete": 1, "twin": 3},
        "only": ["*", "b"],
        "retry_broken": False,
    }
    assert body["summary"]["create"] == len([c for c in PLAN.changes if isinstance(c, Create)])
    assert (body["created_at"], body["tool"]) == (MADE.created_at, MADE.tool)
    assert {change["action"] for change in body["changes"]} == {
        *("create", "update", "move", "delete")
    }
    assert body["violations"][0] == {
        "rule": "incomplete",
        "message": "the listing of bucket spots is not proved complete: late; plan again",
    }
    assert body["notes"][0] == {
        "fact": "broken",
        "bucket": "spots",
        "file_id": 7,
        "message": "the service could not process it; --retry-broken uploads it again",
        "key": "g",
        "declared_at": "catalog.yaml:7:3",
    }


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (PLAN.changes[0], "id action key bucket bucket_id after source reason declared_at"),
        (
            PLAN.changes[1],
            "id action key bucket bucket_id after source replaces from_bucket from_bucket_id "
            "reason declared_at",
        ),
        (
            next(change for change in PLAN.changes if isinstance(change, Move)),
            "id action key bucket bucket_id from_bucket from_bucket_id file_id acr_id before "
            "reason declared_at",
        ),
        (
            next(change for change in PLAN.changes if isinstance(change, Update)),
            "id action key bucket bucket_id file_id acr_id before after fields after_change "
            "reason declared_at",
        ),
        (
            next(change for change in PLAN.changes if isinstance(change, Delete)),
            "id action key bucket bucket_id file_id acr_id before keeps keeps_bucket_id reason "
            "declared_at",
        ),
        (
            PLAN.changes[-1],
            "id action key bucket bucket_id file_id acr_id before after_change reason declared_at",
        ),
    ],
)
def test_a_change_says_what_applies_to_it_and_no_more(change: Change, names: str) -> None:
    told = encode_change(change)
    assert [*told] == names.split()
    assert told["action"] == action(change) == str(told["id"]).partition(":")[0]
    assert None not in told.values()


def test_a_plan_with_one_of_everything_is_what_is_tried_here() -> None:
    assert {type(change) for change in PLAN.changes} == {*get_args(Change)}
    assert PLAN.violations
    assert PLAN.notes
    assert PLAN.options.allow


def test_a_content_is_told_with_its_keys_in_order() -> None:
    told = encode_content(Content("T", {"b": {"d": 1, "c": 2}, "a": 1}))
    assert orjson.dumps(told) == b'{"title":"T","user_defined":{"a":1,"b":{"c":2,"d":1}}}'


def test_what_is_written_and_checked_is_never_held_as_a_whole() -> None:
    """However many changes there are, no piece of a plan's bytes grows with them."""
    many = digested(replace(PLAN, changes=PLAN.changes[:1] * 1000))
    pieces = [*codec.encode(many, MADE)]
    assert max(map(len, pieces)) < len(b"".join(pieces)) / 9
    assert decode(b"".join(pieces)) == (many, MADE)


# What was changed is refused.


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a JSON value that holds nothing else."""
    children = [*value.items()] if isinstance(value, dict) else []
    children = [*enumerate(value)] if isinstance(value, list) else children
    if not children:
        yield path
    for name, child in children:
        yield from leaves(child, (*path, name))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def changed(value: Any) -> Any:
    """Something else of the same kind."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case list():
            return [0]
        case None:
            return 0
    return {"x": 0}


def with_changed(body: Any, path: tuple[Any, ...]) -> Any:
    copy = orjson.loads(orjson.dumps(body))
    at(copy, path[:-1])[path[-1]] = changed(at(copy, path))
    return copy


def written(body: Any) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def resealed(body: Any) -> bytes:
    """The bytes of somebody who knows how to compute a checksum."""
    body = {name: value for name, value in body.items() if name != "checksum"}
    checksum = f"sha256:{hashlib.sha256(canonical(body)).hexdigest()}"
    return written({**body, "checksum": checksum})


BODY = orjson.loads(encode(PLAN, MADE))
LEAVES = list(leaves(BODY))
EYES = ("reason", "declared_at", "bytes")


def test_no_leaf_can_be_changed() -> None:
    assert written(BODY) == encode(PLAN, MADE)
    assert len(LEAVES) > 150
    for path in LEAVES:
        with pytest.raises(PlanFileError, match="its bytes were changed"):
            decode(written(with_changed(BODY, path)))


def test_no_leaf_can_be_removed_and_none_added() -> None:
    for path in LEAVES:
        body = orjson.loads(orjson.dumps(BODY))
        del at(body, path[:-1])[path[-1]]
        with pytest.raises(PlanFileError, match="its bytes were changed"):
            decode(written(body))
    with pytest.raises(PlanFileError, match="its bytes were changed"):
        decode(written({**BODY, "more": None}))


def test_no_byte_can_be_changed() -> None:
    data = encode(plan_of("entry a spots s1 x=1 \n file 7 spots z s2"), MADE)
    refused = {PlanFileError: 0, ValueError: 0}
    for index, byte in enumerate(data):
        for other in {byte ^ 1, byte ^ 0x20, byte ^ 0x80, 0x20} - {byte}:
            with pytest.raises((PlanFileError, ValueError)) as caught:
                decode(data[:index] + bytes([other]) + data[index + 1 :])
            refused[PlanFileError if caught.type is PlanFileError else ValueError] += 1
    assert all(refused.values())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"\n",
        lambda data: data[:-1],
        lambda data: b" " + data,
        lambda data: orjson.dumps(orjson.loads(data)),
        lambda data: data.replace(b'"checksum"', b'"check"'),
        lambda data: data.replace(b"\n", b"\r\n"),
    ],
)
def test_nor_may_the_same_be_said_in_other_bytes(spoil: Any) -> None:
    with pytest.raises(PlanFileError, match=r"\(checksum\): plan again"):
        decode(spoil(encode(PLAN, MADE)))


def meant(path: tuple[Any, ...]) -> bool:
    """Whether what stands there is part of what the plan does, in a way of its own.

    A change's id says again what stands beside it, and its action what structure it has.
    """
    match path:
        case ("digest",) | ("origin",) | ("catalog", "name") | ("options", *_):
            return True
        case ("live", _, "id"):
            return True
        case ("changes", _, "id" | "action" | "reason" | "declared_at"):
            return False
        case ("changes", _, "source", "bytes"):
            return False
        case ("changes", *_):
            return True
        case _:
            return False


@pytest.mark.parametrize("path", [path for path in LEAVES if meant(path)], ids=str)
def test_what_is_done_cannot_be_changed_even_with_a_new_checksum(path: tuple[Any, ...]) -> None:
    body = with_changed(BODY, path)
    if path[-1] == "kind":
        at(body, path[:-1])["kind"] = "acrid"
    with pytest.raises(PlanFileError, match="its changes are not those of its digest: plan again"):
        decode(resealed(body))


def test_a_move_cannot_be_made_a_delete_even_with_a_new_checksum() -> None:
    body = orjson.loads(orjson.dumps(BODY))
    move = next(change for change in body["changes"] if change["action"] == "move")
    move["action"] = "delete"
    with pytest.raises(PlanFileError, match="its changes are not those of its digest: plan again"):
        decode(resealed(body))


@pytest.mark.parametrize(
    "path",
    [path for path in LEAVES if path[0] == "changes" and path[-1] in EYES],
    ids=str,
)
def test_what_is_for_eyes_and_a_size_are_not_part_of_the_digest(path: tuple[Any, ...]) -> None:
    body = orjson.loads(orjson.dumps(BODY))
    other = "elsewhere.yaml:7:7" if path[-1] == "declared_at" else changed(at(body, path))
    at(body, path[:-1])[path[-1]] = other
    plan, _ = decode(resealed(body))
    assert plan.digest == PLAN.digest


def test_nor_are_times_versions_what_was_seen_and_what_is_said_about_it() -> None:
    body = orjson.loads(orjson.dumps(BODY))
    body["created_at"], body["tool"] = "2027-01-01T00:00:00Z", "reconciler 9"
    body["catalog"]["digest"] = "sha256:1"
    body["live"]["spots"]["files"], body["live"]["spots"]["digest"] = 0, "sha256:1"
    body["summary"]["create"] = 99
    body["violations"], body["notes"] = [], []
    plan, made = decode(resealed(body))
    assert plan.digest == PLAN.digest
    assert made == Made("2027-01-01T00:00:00Z", "reconciler 9")


@pytest.mark.parametrize("name", ["key", "declared_at"])
@pytest.mark.parametrize("index", [0, -2])
def test_all_but_a_delete_have_a_key_and_a_place(name: str, index: int) -> None:
    plan = plan_of(
        "entry a spots s1 \n entry b spots s1 x=1 \n file 7 spots b s1 \n file 8 spots z s9"
    )
    body = orjson.loads(encode(plan, MADE))
    change = body["changes"][index]
    del change[name]
    with pytest.raises(PlanFileError, match=f"{change['id']} has no key or no place: plan again"):
        decode(resealed(body))


def test_a_place_whose_file_has_colons_comes_back() -> None:
    place = Place("a:1:b.yaml", 3, 4)
    plan = digested(replace(PLAN, changes=(replace(PLAN.changes[0], declared_at=place),)))
    assert decode(encode(plan, MADE))[0].changes[0].declared_at == place


# The digest of what was seen.


def file(**other: Any) -> File:
    usual = File(FileId(1), "acr1", "spots", "T", {"a": 1, "b": 2}, FileState.READY, 3.0)
    return replace(usual, **other)


def test_the_files_digest_is_over_what_a_plan_rests_on() -> None:
    others = [
        file(id=FileId(2)),
        file(acr_id="acr2"),
        file(title="U"),
        file(user_defined={"a": 1}),
        file(user_defined={"a": 1, "b": "2"}),
        file(user_defined=Opaque("[1]")),
        file(user_defined=Opaque("[2]")),
        file(state=FileState.PENDING),
        file(state=FileState.BROKEN),
    ]
    digests = {files_digest([]), files_digest([file()]), *(files_digest([f]) for f in others)}
    assert len(digests) == len(others) + 2
    assert files_digest([file(), others[0]]) not in digests
    for same in (file(user_defined={"b": 2, "a": 1}), file(duration=None), file(bucket="x")):
        assert files_digest([same]) == files_digest([file()])


def test_the_digests_are_sha256_as_text() -> None:
    for digest in (PLAN.digest, files_digest([]), BODY["checksum"]):
        name, _, hexadecimal = digest.partition(":")
        assert name == "sha256"
        assert len(bytes.fromhex(hexadecimal)) == 32


def test_the_digest_stays_what_it_was_when_plans_were_first_reviewed() -> None:
    """A plan that was reviewed with one version is applied with the next."""
    assert plan_of("entry a spots s1 x=1 \n file 7 spots z s2").digest == KNOWN


KNOWN = "sha256:8e63f592d4bb81da30992cf1ad51c9c82149805942c7f83c748b956174f9db39"


def test_an_ordinary_move_says_nothing_of_a_trash() -> None:
    """Plans of catalogues without one have the bytes and the digest that they always had."""
    [move] = plan_of("entry a archive s1 \n file 7 spots a s1").changes
    assert encode_change(move) == {
        "id": "move:7",
        "action": "move",
        "key": "a",
        "bucket": "archive",
        "bucket_id": 2,
        "from_bucket": "spots",
        "from_bucket_id": 1,
        "file_id": 7,
        "acr_id": "acr7",
        "before": {
            "title": "T-a",
            "user_defined": {"catalog_key": "radio/a", "catalog_source": "sha256:0000000000000001"},
        },
        "reason": "it is in spots, and belongs in archive",
        "declared_at": "catalog.yaml:1:3",
    }


def test_a_move_without_a_key_goes_to_the_trash_or_is_refused() -> None:
    [thrown] = plan_of(
        "bucket spots 1 prune=all trash=bin \n bucket bin 2 \n file 7 spots - title=T"
    ).changes
    told = encode_change(thrown)
    assert decode_change(told) == thrown
    with pytest.raises(PlanFileError, match="has no key or no place"):
        decode_change({name: item for name, item in told.items() if name != "trash"})
