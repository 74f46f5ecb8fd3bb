"""The outbox, against keepers that commit some of what they get and die at any time."""

import unittest

from hypothesis import given
from hypothesis import strategies as st

import tests.support  # noqa: F401  (the profile)
from reactor_chat.store.outbox import Outbox
from reactor_chat.store.records import DURABLE, Decoder, Frame, Kind, encode

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("keep"), st.integers(1, 4)),
        st.tuples(st.just("say"), st.integers(1, 80)),
        st.tuples(st.just("ask"), st.just(0)),
        st.tuples(st.just("send"), st.integers(1, 80)),
        st.tuples(st.just("commit"), st.integers(0, 100)),
        st.tuples(st.just("die"), st.just(0)),
        st.tuples(st.just("close"), st.booleans()),
    )
)


class World:
    """An outbox, what was put into it, and a keeper that reads it."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.kept: list[int] = []
        self.asked = 0
        self.committed: list[int] = []  # by any keeper
        self.begin()

    def begin(self) -> None:
        self.decoder = Decoder()
        self.frames: list[Frame] = []
        self.size = 0

    def keep(self, frames: int) -> None:
        for _ in range(frames):
            self.kept.append(len(self.kept))
            self.outbox.fresh.append(encode(Kind.BAN, self.kept[-1]))
        self.outbox.seal()

    def say(self, taken: int) -> None:
        """Send one at once, if it may be; the kernel takes so many bytes of it."""
        self.kept.append(len(self.kept))
        self.outbox.fresh.append(encode(Kind.BAN, self.kept[-1]))

        def send(data: bytes) -> int:
            self.frames += self.decoder.feed(data[:taken])
            return min(taken, len(data))

        if self.outbox.fresh and not self.outbox.pass_on(send):
            self.outbox.seal()

    def ask(self, _: int) -> None:
        self.asked += 1
        self.outbox.ask(encode(Kind.LOGIN, ["alice", "x" * 20]))

    def send(self, size: int) -> None:
        if data := self.outbox.next():
            self.frames += self.decoder.feed(bytes(data[:size]))
            self.outbox.took(min(size, len(data)))

    def commit(self, percent: int) -> None:
        taken = [frame for frame in self.frames if frame.kind in DURABLE]
        taken = taken[: len(taken) * percent // 100]
        size = sum(frame.size for frame in taken)
        if size > self.size:
            self.size = size
            self.outbox.committed(size)
            self.committed += [frame.value() for frame in taken]

    def die(self, _: int) -> None:
        self.begin()
        self.outbox.rewind()
        self.outbox.begin(encode(Kind.OPEN, {}))

    def close(self, closed: bool) -> None:
        self.outbox.is_closed = closed

    def send_all(self) -> None:
        while self.outbox.next():
            self.send(50)


class OutboxTest(unittest.TestCase):
    @given(STEPS)
    def test_each_keeper_gets_in_order_all_that_those_before_it_did_not_commit(
        self, steps: list[tuple[str, int]]
    ) -> None:
        world = World()
        for name, value in steps:
            getattr(world, name)(value)
        world.close(False)
        world.send_all()
        got = [frame.value() for frame in world.frames if frame.kind in DURABLE]
        self.assertEqual(got, world.kept[len(world.kept) - len(got) :])
        self.assertEqual(set(got) | set(world.committed), set(world.kept))
        self.assertTrue(world.outbox.is_taken)
        world.commit(100)
        self.assertEqual(world.outbox.held, 0)

    def test_a_question_goes_after_what_was_kept_before_it(self) -> None:
        world = World()
        world.ask(0)
        world.keep(2)
        world.send_all()
        kinds = [frame.kind for frame in world.frames]
        self.assertEqual(kinds, [Kind.BAN, Kind.BAN, Kind.LOGIN])

    def test_while_it_is_closed_only_questions_leave(self) -> None:
        world = World()
        world.keep(3)
        world.send(1)  # what was begun goes on
        world.keep(1)
        world.ask(0)
        world.close(True)
        world.send_all()
        self.assertEqual([frame.kind for frame in world.frames], [Kind.BAN] * 3 + [Kind.LOGIN])
        self.assertFalse(world.outbox.is_taken)

    def test_what_is_fresh_goes_at_once_only_if_nothing_goes_before_it(self) -> None:
        world = World()
        world.say(1)
        self.assertFalse(world.outbox.is_taken)
        world.say(80)
        self.assertEqual(world.frames, [])
        world.send_all()
        world.close(True)
        world.say(80)
        self.assertEqual([frame.value() for frame in world.frames], [0, 1])

    def test_a_question_that_is_half_sent_does_not_keep_what_is_taken(self) -> None:
        world = World()
        world.ask(0)
        world.send(5)
        self.assertTrue(world.outbox.is_taken)

    def test_the_oldest_chunks_are_given_up_first(self) -> None:
        world = World()
        for _ in range(5):
            world.keep(1)
        size = world.outbox.held // 5
        world.send(1)
        self.assertEqual(len(world.outbox.trim(3 * size)), 2)
        world.send_all()
        self.assertEqual([frame.value() for frame in world.frames], [0, 3, 4])

    def test_what_is_put_first_is_sent_and_committed_like_the_rest(self) -> None:
        world = World()
        world.keep(1)
        world.outbox.put_first(encode(Kind.BAN, 99))
        world.send_all()
        self.assertEqual([frame.value() for frame in world.frames], [99, 0])
        world.commit(100)
        self.assertEqual(world.outbox.held, 0)
