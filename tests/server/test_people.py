"""What people do to one another, typed as they would type it."""

from tests.server.small_world import SmallWorldCase


class IgnoreTest(SmallWorldCase):
    def setUp(self) -> None:
        super().setUp()
        self.ann = self.call("192.0.2.1", "/nick ann", "/join tea")
        self.bob = self.call("192.0.2.2", "/nick bob", "/join tea")
        self.ask(self.ann, "/ignore bob")

    def test_who_is_ignored_cannot_speak_by_names_topics_or_actions(self) -> None:
        for line in ("hello", "/me shouts", "/topic shouting", "/nick shouting", "/msg ann hello",
                     "/part", "/join tea"):  # fmt: skip
            self.ask(self.bob, line)
            self.assertEqual(self.hear(self.ann), "", line)

    def test_it_survives_the_ignored_ones_reconnection(self) -> None:
        self.bob.close()
        self.settle()
        self.bob = self.call("192.0.2.2", "/nick bob", "/join tea", "hello")
        self.assertNotIn("hello", self.hear(self.ann))
        self.assertEqual(self.ask(self.ann, "/ignore"), ["-> You ignore bob."])

    def test_it_follows_the_person_through_a_new_name(self) -> None:
        self.ask(self.bob, "/nick rob", "hello")
        self.assertEqual(self.hear(self.ann), "")

    def test_it_ends_when_it_is_undone(self) -> None:
        self.assertEqual(self.ask(self.ann, "/unignore bob"), ["-> You see bob again."])
        self.ask(self.bob, "hello")
        self.assertEqual(self.hear(self.ann), "bob: hello\n")


class WordsTest(SmallWorldCase):
    def test_topics_rooms_with_a_hash_and_lists(self) -> None:
        ann = self.call()
        self.assertEqual(self.ask(ann, "/join #tea"), ["-> You joined tea. Here: Client 1."])
        self.assertEqual(self.ask(ann, "/topic"), ["-> tea has no topic."])
        self.assertEqual(self.ask(ann, "/topic green"), ["* Client 1 set the topic: green"])
        self.assertEqual(self.ask(ann, "/topic"), ["-> The topic of tea is: green"])
        self.assertEqual(self.ask(ann, "/list"), ["-> tea (1)"])
        bob = self.call()
        self.assertIn("-> Topic: green", self.ask(bob, "/join TEA"))

    def test_close_socket_leaves_with_blanks_around_it(self) -> None:
        for line in ("CLOSE SOCKET", "  close socket ", "/quit", "/exit"):
            ann = self.call()
            self.ask(ann, line)
            self.assert_ended(ann)
        self.assertEqual(self.ask(self.call(), "close sockets"), ["CLOSE SOCKETS"])
