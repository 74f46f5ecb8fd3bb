"""What the operator does reaches those who are meant, and everybody else reads what happened."""

from tests.server.small_world import FOREIGN, SmallWorldCase

CROWD = 500  # callers, more than are shown in a list


class BanTest(SmallWorldCase):
    def test_whose_name_looks_like_an_address_has_nobody_else_banned(self) -> None:
        bad = self.call("198.51.100.66")
        self.assertIn("cannot", self.ask(bad, "/nick 203.0.113.7")[0])
        innocent = self.call(FOREIGN)
        self.ask(bad, "/nick 7", "/join tea")
        self.assertEqual(self.operate("/ban 7"), ["198.51.100.66 is banned.", "7 was evicted."])
        self.assertEqual(self.hear(bad), "-> You are banned.\n")
        self.assert_ended(bad)
        self.assertEqual(self.ask(innocent, "hello"), ["HELLO"])

    def test_a_network_is_banned_and_let_in_again(self) -> None:
        near, far = self.call("10.1.2.3"), self.call("11.1.2.3")
        shown = ["10.0.0.0/8 is banned.", "Client 1 was evicted."]
        self.assertEqual(self.operate("/ban 10.0.0.0/8"), shown)
        self.assertEqual(self.hear(near), "-> You are banned.\n")
        self.assertEqual(self.hear(self.call("10.200.0.1")), "-> You are banned.\n")
        self.assertEqual(self.ask(far, "hello"), ["HELLO"])
        self.assertEqual(self.operate("/bans"), ["10.0.0.0/8"])
        self.assertEqual(self.operate("/unban 10.0.0.0/8"), ["10.0.0.0/8 is no longer banned."])
        self.assertEqual(self.ask(self.call("10.200.0.1"), "hello"), ["HELLO"])

    def test_who_calls_over_ipv6_is_banned_with_the_whole_64(self) -> None:
        self.call("2001:db8::1", "/nick mallory")
        self.operate("/ban mallory")
        self.assertEqual(self.hear(self.call("2001:db8::2:3")), "-> You are banned.\n")
        self.assertEqual(self.hear(self.call("2001:db8:0:1::1")), "")

    def test_the_others_read_that_somebody_was_banned(self) -> None:
        ann = self.call("192.0.2.9", "/nick ann", "/join tea")
        self.call(FOREIGN, "/nick bob", "/join tea")
        self.hear(ann)
        self.operate("/ban bob")
        self.assertEqual(self.hear(ann), "* bob was banned\n")

    def test_whoever_is_refused_is_logged(self) -> None:
        self.operate(f"/ban {FOREIGN}")
        self.call(FOREIGN)
        self.assertRegex(self.log.lines[0], r"^refused 203\.0\.113\.7:\d+: You are banned$")


class KickTest(SmallWorldCase):
    def test_a_given_name_reaches_one_who_renames_all_the_time(self) -> None:
        ann = self.call("192.0.2.9", "/nick ann", "/join tea")
        eel = self.call(FOREIGN, "/join tea")
        for number in range(50):
            self.ask(eel, f"/nick eel{number}")
        self.hear(ann)
        self.assertIn("eel49 (Client 2) from 203.0.113.7", self.operate("/who")[1])
        eel.send(b"/nick eel50\n" * 50)
        self.assertEqual(self.operate("/kick Client 2 too loud"), ["eel49 was kicked."])
        self.assertEqual(self.hear(ann).splitlines()[-1], "* eel49 was kicked: too loud")
        self.assertEqual(self.hear(eel).splitlines()[-1], "-> You were kicked: too loud.")

    def test_nobody_can_take_a_given_name_that_is_somebody_elses(self) -> None:
        self.call(FOREIGN)
        other = self.call(FOREIGN)
        for name in ("Client 1", "Client1", "client_1", "Client"):
            self.assertNotIn("You are now", self.ask(other, f"/nick {name}")[0])

    def test_without_a_reason_none_is_given(self) -> None:
        ann = self.call("192.0.2.9", "/nick ann", "/join tea")
        bob = self.call(FOREIGN, "/nick bob", "/join tea")
        self.hear(ann)
        self.operate("/kick bob")
        self.assertEqual(self.hear(ann), "* bob was kicked\n")
        self.assertEqual(self.hear(bob), "-> You were kicked.\n")


class EndTest(SmallWorldCase):
    def test_everybody_reads_that_the_server_ends(self) -> None:
        ann = self.call("192.0.2.9", "/nick ann", "/join tea")
        bob = self.call(FOREIGN)
        self.operate("/quit")
        for one in (ann, bob):
            self.assertEqual(self.hear(one), "* The server is shutting down.\n")
            self.assert_ended(one)


class MuteTest(SmallWorldCase):
    def test_who_is_muted_cannot_be_heard_in_any_way(self) -> None:
        ann = self.call("192.0.2.9", "/nick ann", "/join tea")
        bob = self.call(FOREIGN, "/nick bob", "/join tea")
        other = self.call("192.0.2.10")
        self.operate("/mute bob")
        self.hear(ann), self.hear(bob)
        for line in (
            "hello", "hé", "/me shouts", "/topic shouting", "/nick shouting", "/join shouting",
            "/msg ann hello", "/msg Server hello",
        ):  # fmt: skip
            self.assertEqual(self.ask(bob, line), ["-> You are muted."], line)
        self.assertEqual(self.hear(ann), "")
        self.assertEqual(self.ask(other, "/rooms"), ["-> tea (2)"])
        self.operate("/unmute bob")
        self.assertEqual(self.ask(bob, "hello"), ["-> You are no longer muted."])
        self.assertEqual(self.hear(ann), "bob: hello\n")


class WordsTest(SmallWorldCase):
    def test_a_message_to_the_operator_is_in_the_log_and_answered(self) -> None:
        bob = self.call(FOREIGN, "/nick bob")
        self.assertEqual(self.ask(bob, "/msg Server help!"), ["-> [PM to Server] help!"])
        self.assertEqual(self.log.lines[-1], "[PM from bob] help!")
        self.assertEqual(self.operate("/msg bob I am here"), ["[PM to bob] I am here"])
        self.assertEqual(self.hear(bob), "[PM from Server] I am here\n")

    def test_a_plain_line_is_said_to_everybody_once_and_logged(self) -> None:
        ann = self.call("192.0.2.9", "/join tea", "/join books", "/join games")
        self.assertEqual(self.operate("hello all"), [])
        self.assertEqual(self.hear(ann), "Server: hello all\n")
        self.assertIn("hello all", self.log.lines[-1])


class LongListTest(SmallWorldCase):
    def test_lists_are_cut_and_say_how_many_more_there_are(self) -> None:
        for number in range(CROWD):
            self.call(f"192.0.2.{number % 100}", f"/join tea{number}", "/join hall")
        ann = self.call(FOREIGN)
        for line in ("/who", "/rooms", "/list", "/names", "/join hall"):
            [answer] = self.ask(ann, line)
            self.assertRegex(answer, r", [^,]+ and \d+ more\.?$")
            self.assertEqual(answer.count(", "), 199, line)
        self.assertIn("and 301 more", self.ask(ann, "/who")[0])
