"""A bucket's listing and its proof, from a bucket that changes while it is read."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api.listing import Lister
from reconciler.api.wire import Page
from reconciler.core.model import File, FileId, FileState
from reconciler.errors import AnswerTooLarge, Rejected, TokenRefused, Unclear, UnreadableAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def file(file_id: int, title: str = "T") -> File:
    return File(FileId(file_id), f"acr{file_id}", "spots", title, {}, FileState.READY)


@dataclass
class Service:
    """Answers pages of what it has at that moment; `before[n]` happens before the nth request."""

    files: list[File]
    most: int = 10
    """The largest page that it grants."""
    refuses: int = 1_000_000
    """From which size on it says 422."""
    heavy: int = 1_000_000
    """From which size on its pages are too large to be read."""
    heavy_from: int = 1
    """The first page that is so."""
    descending: bool = False
    before: dict[int, Callable[[Service], None]] = field(default_factory=dict)
    total: Callable[[int], int] = lambda total: total
    last: Callable[[int], int] = lambda last: last
    requests: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def page(self, bucket: str, number: int, size: int) -> Page:
        assert bucket == "spots"
        with self._lock:
            self.requests.append((number, size))
            self.before.get(len(self.requests), _nothing)(self)
            if size >= self.refuses:
                raise Rejected("422: per_page", status=422)
            if size >= self.heavy and number >= self.heavy_from:
                raise AnswerTooLarge("too large")
            granted = min(size, self.most)
            files = self.files[::-1] if self.descending else self.files
            shown = tuple(files[(number - 1) * granted : number * granted])
            pages = max(1, -(-len(files) // granted))
            return Page(shown, self.total(len(files)), self.last(pages))

    def listed(self, concurrency: int = 1) -> tuple[list[int], str | None]:
        files, doubt = Lister(self.page, concurrency).files("spots")
        return [each.id for each in files], doubt


def _nothing(service: Service) -> None:
    """At rest."""


def full(count: int) -> list[File]:
    return [file(n) for n in range(1, count + 1)]


class TestABucketAtRest:
    @pytest.mark.parametrize("count", [0, 1, 9, 10])
    def test_on_one_page_is_one_request(self, count: int) -> None:
        service = Service(full(count))
        assert service.listed() == (list(range(1, count + 1)), None)
        assert service.requests == [(1, 1000)]

    @pytest.mark.parametrize(("count", "pages"), [(11, 2), (20, 2), (21, 3), (995, 100)])
    @pytest.mark.parametrize("concurrency", [1, 8])
    @pytest.mark.parametrize("descending", [False, True], ids=["asc", "desc"])
    def test_costs_its_pages_and_two(
        self, count: int, pages: int, concurrency: int, descending: bool
    ) -> None:
        service = Service(full(count), descending=descending)
        assert service.listed(concurrency) == (list(range(1, count + 1)), None)
        assert len(service.requests) == pages + 2

    def test_is_asked_for_less_where_much_is_refused(self) -> None:
        service = Service(full(95), most=100, refuses=101)
        assert service.listed() == (list(range(1, 96)), None)
        assert service.requests == [(1, 1000), (1, 100)]

    def test_is_asked_for_twenty_at_last(self) -> None:
        service = Service(full(30), most=20, refuses=21)
        assert service.listed()[1] is None
        assert [size for _, size in service.requests] == [1000, 100, 20, 20, 20, 20]

    @pytest.mark.parametrize("heavy_from", [1, 2, 3])
    def test_is_asked_for_less_where_a_page_is_too_large(self, heavy_from: int) -> None:
        """T28."""
        service = Service(full(250), most=100, heavy=101, heavy_from=heavy_from)
        assert service.listed() == (list(range(1, 251)), None)
        assert {size for _, size in service.requests} == {1000, 100}

    def test_is_not_listed_where_every_page_is_too_large(self) -> None:
        with pytest.raises(AnswerTooLarge):
            Service(full(30), heavy=20).listed()

    @pytest.mark.parametrize("size", [1, 20])
    def test_is_not_listed_where_every_size_is_refused(self, size: int) -> None:
        with pytest.raises(Rejected):
            Service(full(30), refuses=size).listed()

    @pytest.mark.parametrize(
        "error", [Rejected("405", status=405), TokenRefused("401"), Unclear("500")]
    )
    def test_is_not_listed_where_it_is_refused_otherwise(self, error: Exception) -> None:
        def refuse(bucket: str, number: int, size: int) -> Page:
            raise error

        with pytest.raises(type(error)):
            Lister(refuse, 4).files("spots")

    @pytest.mark.parametrize("at", [1, 2, 3, 5, 7])
    def test_an_error_on_any_page_is_an_error(self, at: int) -> None:
        def fail(service: Service) -> None:
            raise Unclear("500")

        with pytest.raises(Unclear):
            Service(full(60), before={at: fail}).listed(concurrency=4)

    def test_pages_are_read_side_by_side(self) -> None:
        service, meeting = Service(full(100)), threading.Barrier(4, timeout=5)

        def page(bucket: str, number: int, size: int) -> Page:
            if number in (2, 3, 4, 5):
                meeting.wait()
            return service.page(bucket, number, size)

        files, doubt = Lister(page, 4).files("spots")
        assert (len(files), doubt) == (100, None)


def delete(*ids: int) -> Callable[[Service], None]:
    def act(service: Service) -> None:
        service.files = [each for each in service.files if each.id not in ids]

    return act


def insert(*ids: int) -> Callable[[Service], None]:
    def act(service: Service) -> None:
        service.files = sorted([*service.files, *map(file, ids)], key=lambda each: each.id)

    return act


def both(*acts: Callable[[Service], None]) -> Callable[[Service], None]:
    def act(service: Service) -> None:
        for each in acts:
            each(service)

    return act


class TestABucketThatChangesOnce:
    """At whatever request: what is listed at last is what is there, and was proved."""

    @pytest.mark.parametrize("at", range(2, 8))
    @pytest.mark.parametrize(
        "change",
        [delete(3), delete(44), delete(25), insert(99), both(delete(3), insert(99))],
        ids=["first page", "last page", "middle", "new", "count kept"],
    )
    @pytest.mark.parametrize("descending", [False, True], ids=["asc", "desc"])
    def test_is_read_until_it_is_proved(
        self, at: int, change: Callable[[Service], None], descending: bool
    ) -> None:
        service = Service(full(45), before={at: change}, descending=descending)
        ids, doubt = service.listed()
        assert doubt is None
        assert ids == [each.id for each in service.files]

    @given(st.data())
    def test_whenever_and_whatever(self, data: st.DataObject) -> None:
        """One file goes and a new one comes, at two moments: proved means the truth at some
        moment of the reading."""
        states: list[list[int]] = []

        def noted(act: Callable[[Service], None]) -> Callable[[Service], None]:
            def do(service: Service) -> None:
                act(service)
                states.append([each.id for each in service.files])

            return do

        count = data.draw(st.integers(11, 60))
        one, two = data.draw(st.tuples(st.integers(1, 12), st.integers(1, 12)))
        gone = delete(data.draw(st.integers(1, count)))
        acts = {one: noted(gone), two: noted(insert(1000))}
        if one == two:
            acts[one] = noted(both(gone, insert(1000)))
        service = Service(full(count), before=acts, descending=data.draw(st.booleans()))
        states.append([each.id for each in service.files])
        ids, doubt = service.listed()
        assert doubt is None
        assert ids in states


class TestABucketThatNeverRests:
    def test_is_not_proved(self) -> None:
        service = Service(full(45))
        service.before = {n: both(delete(n), insert(1000 + n)) for n in range(2, 100, 2)}
        _, doubt = service.listed()
        assert doubt is not None
        assert len(service.requests) <= 4 * 8


class TestAServiceThat:
    def test_does_not_order_is_proved_by_two_readings(self) -> None:
        files = full(45)
        files[3], files[30] = files[30], files[3]
        service = Service(files)
        assert service.listed() == (list(range(1, 46)), None)
        assert len(service.requests) == 14

    def test_repeats_a_file_and_so_leaves_one_out_is_never_proved(self) -> None:
        files = full(45)
        files[20] = files[19]
        ids, doubt = Service(files).listed()
        assert 21 not in ids
        assert doubt == "a file came twice: the bucket changed while it was read"

    @pytest.mark.parametrize("wrong", [1, 44, 46, 10**18])
    def test_counts_wrongly_is_never_proved(self, wrong: int) -> None:
        _, doubt = Service(full(45), total=lambda total: wrong).listed()
        assert doubt == f"45 files came, and the service says that there are {wrong}"

    @pytest.mark.parametrize("count", [5, 45])
    def test_names_too_few_pages_is_never_proved(self, count: int) -> None:
        ids, doubt = Service(full(count), last=lambda last: 1, most=4).listed()
        assert len(ids) == 4
        assert doubt == f"4 files came, and the service says that there are {count}"

    @pytest.mark.parametrize("last", [6, 60, 10**18])
    def test_names_too_many_pages_is_proved_by_two_readings(self, last: int) -> None:
        service = Service(full(45), last=lambda _: last)
        assert service.listed(concurrency=2) == (list(range(1, 46)), None)
        assert len(service.requests) < 40

    def test_names_many_pages_of_nothing_is_refused(self) -> None:
        with pytest.raises(UnreadableAnswer, match="the first of 7 pages is empty"):
            Service([], last=lambda _: 7, total=lambda _: 70).listed()

    def test_loses_a_page_midway_is_never_proved(self) -> None:
        service = Service(full(45))
        whole = service.page

        def page(bucket: str, number: int, size: int) -> Page:
            found = whole(bucket, number, size)
            return Page((), found.total, found.last) if number == 3 else found

        files, doubt = Lister(page, 1).files("spots")
        assert doubt is not None
        assert len(files) < 45

    def test_gives_one_file_two_contents_is_never_proved(self) -> None:
        files: Sequence[File] = [*full(20), file(20, "another")]
        _, doubt = Service(list(files)).listed()
        assert doubt is not None
