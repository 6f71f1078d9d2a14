"""A snapshot as bytes and back: all that planning needs, in as many pieces as there are files."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import orjson
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from reconciler.core import snapshot
from reconciler.core.codec import digest_of, encode
from reconciler.core.model import (
    Bucket,
    File,
    FileId,
    FileState,
    LiveBucket,
    LiveState,
    Opaque,
    Snapshot,
)
from reconciler.core.plan import Options, Plan
from reconciler.core.planner import make_plan
from reconciler.core.snapshot import FORMAT, Taken, age_text, decode, live_for
from reconciler.errors import SnapshotError
from tests.core import scenario
from tests.core.test_codec import MADE
from tests.core.worlds import World, searched, worlds

AT = "2026-01-01T00:00:00Z"


def written(taken: Taken) -> bytes:
    return b"".join(snapshot.encode(taken))


def read(data: bytes) -> Taken:
    return decode(data, orjson.loads(data))


def taken_of(live: LiveState) -> Taken:
    return Taken(live, AT, "reconciler 0.1")


# Any live state.

_texts = st.text(max_size=6)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(-1e9, 1e9) | _texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_texts, inner, max_size=2),
    max_leaves=4,
)
_files = st.builds(
    File,
    id=st.integers(1, 2**64 - 1).map(FileId),
    acr_id=_texts,
    bucket=st.just(""),
    title=_texts,
    user_defined=st.dictionaries(_texts, _json, max_size=3) | st.builds(Opaque, _texts),
    state=st.sampled_from(FileState),
    duration=st.none() | st.floats(0.001, 1e9),
)
_buckets = st.dictionaries(
    _texts,
    st.builds(
        LiveBucket,
        st.integers(1, 2**64 - 1),
        st.lists(_files, max_size=3, unique_by=lambda file: file.id),
        st.none() | _texts,
        st.none() | _texts,
    ),
    max_size=2,
)


def _named(buckets: dict[str, LiveBucket]) -> dict[str, LiveBucket]:
    """Each file with its bucket's name, in the order of their ids."""
    return {
        name: replace(
            bucket,
            files=tuple(
                replace(file, bucket=name) for file in sorted(bucket.files, key=lambda f: f.id)
            ),
        )
        for name, bucket in buckets.items()
    }


@searched
@given(st.builds(Taken, st.builds(LiveState, _texts, _buckets.map(_named)), _texts, _texts))
def test_any_live_state_comes_back_as_it_was(taken: Taken) -> None:
    data = written(taken)
    assert read(data) == taken
    assert written(read(data)) == data


@searched
@given(worlds(), st.sampled_from(((), ("a",), ("z", "b"))), st.integers(0, 10**7))
def test_a_plan_from_it_is_that_of_the_service_but_for_its_word_and_its_digest(
    world: World, only: tuple[str, ...], age: int
) -> None:
    desired, live = world.desired, world.live()
    desired = replace(desired, base_url=live.origin)
    options = Options(only=only, retry_broken=world.retry_broken)
    plan = make_plan(desired, live, options)
    again = live_for(desired, read(written(taken_of(live))), age)
    same = make_plan(desired, again, options)
    event("something to do" if plan.changes else "nothing to do")
    assert same.snapshot == Snapshot(AT, age)
    assert replace(same, snapshot=None, digest=plan.digest) == plan
    assert same.digest == digest_of(plan, from_snapshot=True) != plan.digest


EVERYTHING = """
    bucket spots 1 region=eu incomplete=late
    bucket archive 2
    entry a spots s1 seconds=30
    file 7 spots a s1 x=1.5 y='[1,{"z":null}]' seconds=30.5
    file 8 spots opaque pending
    file 9 spots - broken
    file 10 archive other/mark title='a "b" c'
"""


def test_the_file_is_as_the_schema_says() -> None:
    body = orjson.loads(written(taken_of(scenario.given(EVERYTHING)[1])))
    assert [*body] == ["format", "origin", "taken_at", "tool", "buckets", "checksum"]
    assert (body["format"], body["taken_at"], body["tool"]) == (FORMAT, AT, "reconciler 0.1")
    assert [*body["buckets"]] == ["archive", "spots"]
    spots = body["buckets"]["spots"]
    assert (spots["id"], spots["region"], spots["incomplete"]) == (1, "eu", "late")
    assert spots["files"][0] == {
        "id": 7,
        "acr_id": "acr7",
        "title": "T-a",
        "state": 1,
        "duration": 30.5,
        "user_defined": {
            "catalog_key": "radio/a",
            "catalog_source": "sha256:0000000000000001",
            "x": 1.5,
            "y": [1, {"z": None}],
        },
    }
    assert (spots["files"][1]["opaque"], spots["files"][1]["state"]) == ("[1]", 0)
    assert "duration" not in spots["files"][2]


def test_the_order_of_keys_and_buckets_means_nothing() -> None:
    _, live = scenario.given(EVERYTHING)
    random = Random(1)

    def mixed(file: File) -> File:
        content = file.user_defined
        if isinstance(content, Opaque):
            return file
        return replace(file, user_defined=dict(random.sample([*content.items()], len(content))))

    buckets = {
        name: replace(bucket, files=tuple(map(mixed, bucket.files)))
        for name, bucket in reversed(live.buckets.items())
    }
    assert written(taken_of(replace(live, buckets=buckets))) == written(taken_of(live))


def test_no_piece_grows_with_the_number_of_files() -> None:
    many = "\n".join(f"file {number} spots - x=1" for number in range(1, 500))
    pieces = [*snapshot.encode(taken_of(scenario.given(many)[1]))]
    assert len(pieces) > 500
    assert max(map(len, pieces)) < 200


def test_what_can_be_written_at_all_can_be_written_here() -> None:
    """However deep: the JSON writer counts how deep a value is inside of others."""
    deep: dict[str, object] = {}
    for _ in range(253):
        deep = {"a": deep}
    _, live = scenario.given("file 7 spots - ")
    file = replace(live.buckets["spots"].files[0], user_defined=deep)
    spots = replace(live.buckets["spots"], files=(file,))
    taken = taken_of(replace(live, buckets={"spots": spots}))
    assert read(written(taken)) == taken


class TestWhatWasChanged:
    DATA = written(taken_of(scenario.given(EVERYTHING)[1]))

    def test_in_any_byte(self) -> None:
        for at in range(len(self.DATA)):
            changed = self.DATA[:at] + bytes([self.DATA[at] ^ 1]) + self.DATA[at + 1 :]
            try:
                body = orjson.loads(changed)
            except ValueError:
                continue
            with pytest.raises(SnapshotError, match=r"its bytes were changed .*take a new one"):
                decode(changed, body)

    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data + b"\n",
            lambda data: b" " + data,
            lambda data: data[:-1],
            lambda data: orjson.dumps(orjson.loads(data)),
            lambda data: data.replace(b'"incomplete":"late"', b'"incomplete":null'),
            lambda data: b'{"buckets":{}}',
        ],
        ids=["more", "before", "less", "in another spelling", "its proof", "nearly nothing"],
    )
    def test_in_another_way(self, change: object) -> None:
        assert callable(change)
        with pytest.raises(SnapshotError, match="its bytes were changed"):
            read(change(self.DATA))

    @pytest.mark.parametrize("ids", [(8, 7), (7, 7)])
    def test_and_sealed_again_has_its_files_in_order(self, ids: tuple[int, int]) -> None:
        _, live = scenario.given("bucket spots 1\n file 7 spots -")
        (file,) = live.buckets["spots"].files
        files = tuple(replace(file, id=FileId(each)) for each in ids)
        wrong = replace(live, buckets={"spots": LiveBucket(1, files)})
        with pytest.raises(SnapshotError, match="not in the order of their ids"):
            read(written(taken_of(wrong)))


class TestWhatItIsGoodFor:
    def judge(self, *buckets: Bucket, host: str = "https://api-v2.acrcloud.com/api") -> LiveState:
        desired, live = scenario.given("bucket spots 1\n bucket archive 2\n file 7 archive -")
        named = {bucket.name: bucket for bucket in buckets}
        return live_for(replace(desired, buckets=named, base_url=host), taken_of(live), 60)

    def test_the_catalogues_buckets_alone(self) -> None:
        live = self.judge(Bucket("spots", 1))
        assert [*live.buckets] == ["spots"]
        assert live.snapshot == Snapshot(AT, 60)

    def test_another_spelling_of_the_same_address(self) -> None:
        assert self.judge(Bucket("spots", 1), host="https://api-v2.acrcloud.com/api/").buckets

    def test_not_another_host(self) -> None:
        with pytest.raises(SnapshotError, match=r"taken of https://api-v2.* service is https://x"):
            self.judge(host="https://x")

    def test_not_other_buckets_and_all_are_said_at_once(self) -> None:
        with pytest.raises(SnapshotError) as caught:
            self.judge(Bucket("spots", 3), Bucket("archive", 2), Bucket("news", 9))
        assert "news (9), which is missing; spots (3), which has 1: take one" in str(caught.value)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7_199, "119 minutes"),
        (7_200, "2 hours"),
        (172_799, "47 hours"),
        (172_800, "2 days"),
        (604_800, "7 days"),
        (172_800_000, "2,000 days"),
    ],
)
def test_an_age_in_words(seconds: int, words: str) -> None:
    assert age_text(seconds) == words


@pytest.mark.parametrize(("age", "is_old"), [(0, False), (86_400, False), (86_401, True)])
def test_old_is_more_than_a_day(age: int, is_old: bool) -> None:
    assert Snapshot(AT, age).is_old is is_old


def test_a_plan_file_says_what_it_was_made_from() -> None:
    desired, live = scenario.given(EVERYTHING)
    plan = make_plan(desired, replace(live, snapshot=Snapshot(AT, 60)), Options())
    body = orjson.loads(b"".join(encode(plan, MADE)))
    assert body["snapshot"] == {"taken_at": AT, "age": 60}
    assert isinstance(plan, Plan)
