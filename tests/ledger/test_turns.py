"""How long a runner waits before it pushes, and when it gives up."""

from __future__ import annotations

from reconciler.ledger.turns import Tries, Turns


def turns(chance: float = 0.5) -> Turns:
    return Turns(lambda: chance)


def pauses(runner: Turns, pushes: int, *, took: float = 1.0) -> list[int]:
    """The groups before which the runner pauses."""
    found = []
    for number in range(pushes):
        if runner.before_a_group() > took:
            found.append(number)
        runner.pushed(took)
    return found


class TestTurns:
    def test_let_others_in_ever_less_while_nobody_comes(self) -> None:
        assert pauses(turns(), 100) == [4, 12, 28, 60, 92]

    def test_are_short_once_another_was_first(self) -> None:
        runner = turns()
        pauses(runner, 100)
        runner.lost(1.0)
        assert pauses(runner, 10) == [4]

    def test_wait_a_moment_for_those_who_come_just_after_the_first(self) -> None:
        runner = turns()
        assert runner.before_a_group() == 0.0, "nothing is known of pushes yet"
        runner.pushed(1.0)
        assert runner.before_a_group() == 0.25

    def test_pause_for_four_pushes(self) -> None:
        runner = turns()
        for _ in range(4):
            runner.pushed(0.25)
        assert runner.before_a_group() == 1.0

    def test_wait_for_no_longer_than_a_push_takes_after_a_loss(self) -> None:
        assert turns(0.5).lost(0.3) == 0.15

    def test_take_no_push_for_longer_than_two_seconds(self) -> None:
        runner = turns(1.0)
        assert runner.lost(60.0) == 2.0
        pauses(runner, 4, took=60.0)
        assert runner.before_a_group() == 8.0


class TestTries:
    def test_wait_twice_as_long_each_time_and_end(self) -> None:
        tries = Tries(1)
        waits = [tries.after_failure(is_refused=False) for _ in range(6)]
        assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, None]

    def test_end_where_it_would_be_refused_again(self) -> None:
        assert Tries(1).after_failure(is_refused=True) is None

    def test_begin_anew_once_another_was_first(self) -> None:
        tries = Tries(1)
        tries.after_failure(is_refused=False)
        assert tries.after_loss()
        assert tries.after_failure(is_refused=False) == 0.5

    def test_end_where_others_are_first_every_time(self) -> None:
        tries = Tries(2)
        assert [tries.after_loss() for _ in range(3)] == [True, True, False]
