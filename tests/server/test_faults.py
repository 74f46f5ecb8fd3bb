"""Faults on real sockets: whatever strangers send, or fail to read, two witnesses talk undisturbed.

Not here: what needs another clock, or chance (the simulation has both).
"""

import contextlib
import re
import select
import ssl
import subprocess
from collections.abc import Sequence

from reactor_chat.wire.framing import MAX_LINE
from tests.processes import Client
from tests.procfs import resident, work_in_a_while
from tests.server.witnesses import ROOM, SLACK, WitnessedCase

TOO_LONG = "-> Message too long: the limit is 4096 bytes."
NOT_UTF8 = "-> Message is not valid UTF-8."
FULL = "-> Server is full."

MEGABYTE = 1024 * 1024
FEW = 20


class Input(WitnessedCase):
    def setUp(self) -> None:
        super().setUp()
        self.begin()

    def test_a_flood_without_a_line_feed(self) -> None:
        guest = self.guest()
        for _ in range(20):
            self.send_meanwhile(guest, b"x" * MEGABYTE)
            self.witnesses.assert_memory_is_bounded()
        self.send_meanwhile(guest, b"\nhello\n")
        self.assertEqual(guest.wait_for_lines(2), [TOO_LONG, "HELLO"])

    def test_one_byte_at_a_time(self) -> None:
        guest = self.guest()
        self.assertEqual(guest.ask("hello"), "HELLO")
        for byte in "one byte at a time, even in ü\r\n".encode():
            guest.send(bytes([byte]))
            self.witnesses.exchange()
        self.assertEqual(guest.read_line(), "ONE BYTE AT A TIME, EVEN IN Ü")

    def test_ten_thousand_lines_in_one_write(self) -> None:
        for form in ("{}", "{} é"):  # plain lines are served by the run, others one by one
            guest = self.guest()
            texts = [form.format(number) for number in range(10_000)]
            self.send_meanwhile(guest, "".join(f"{text}\n" for text in texts).encode())
            self.assertEqual(guest.wait_for_lines(10_000), [text.upper() for text in texts])

    def test_ten_thousand_lines_into_the_room(self) -> None:
        listener, speaker = self.guest_in_room("listener"), self.guest_in_room("speaker")
        texts = [f"{number}" for number in range(10_000)]
        self.send_meanwhile(speaker, "".join(f"{text}\n" for text in texts).encode())
        self.until(lambda: f"speaker: {texts[-1]}" in listener.lines[-10:])
        heard = [line for line in listener.lines if line.startswith("speaker: ")]
        self.assertEqual(heard, [f"speaker: {text}" for text in texts])

    def test_what_is_not_utf_8_and_what_is_not_printable(self) -> None:
        guest = self.guest()
        for sent, answer in (
            (b"\xff\xfe", NOT_UTF8),
            (b"cut \xe2\x82", NOT_UTF8),
            (b"\xed\xa0\x80", NOT_UTF8),
            (b"a\0b", "A\ufffdB"),
            (b"\x1b[2J\x07\x9b".replace(b"\x9b", b"\xc2\x9b"), "\ufffd[2J\ufffd\ufffd"),
        ):
            guest.send(sent + b"\n")
            self.assertEqual(guest.read_line(), answer)
            self.witnesses.exchange()

    def test_other_protocols_get_one_line_and_are_closed(self) -> None:
        web, secure = self.guest(), self.guest()
        web.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: a=b\r\n\r\n")
        secure.send(tls_hello())
        self.assertEqual(web.read_to_end(), ["-> This is a chat server, and no web server."])
        self.assertEqual(
            secure.read_to_end(), ["-> This is a chat server without TLS on this port."]
        )

    def test_ctrl_c_in_telnet_silences_nobody(self) -> None:
        telnet = self.guest()
        telnet.send(b"\xff\xfb\x1f\xff\xfb\x20\xff\xfd\x01hello\r\n")
        self.assertEqual(telnet.read_line(), "HELLO")
        telnet.send(b"\xff\xf4\xff\xfd\x06")
        # It shows nothing until its timing mark is answered (RFC 860).
        select.select([telnet.socket], [], [], 10)
        self.assertEqual(telnet.socket.recv(100), b"\xff\xfc\x06")
        telnet.send(b"\xff\xf4again\r\n")
        self.assertEqual(telnet.read_line(), "AGAIN")

    def test_arguments_of_very_many_digits(self) -> None:
        guest = self.guest()
        digits = "9" * (MAX_LINE - len("/history "))
        self.assertEqual(guest.ask("/history " + "9" * 5000), TOO_LONG)
        self.assertIn("not in a room", guest.ask(f"/history {digits}") or "")
        self.assertIn("-> You joined", guest.ask("/join elsewhere") or "")
        guest.say("é", f"/history {digits}")
        self.assertEqual(guest.read_line(), "Client 3: é")


def tls_hello() -> bytes:
    """What a browser sends first on an https address."""
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    talk = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        talk.do_handshake()
    return outgoing.read()


PORTION = 40  # lines of 1 KB
TOO_MUCH = 1000  # such lines: for a reader who has stopped, less than 500 KB wait anywhere


class Readers(WitnessedCase):
    """A speaker says so much that somebody cannot follow."""

    def setUp(self) -> None:
        super().setUp()
        self.begin("--max-backlog", "65536")
        self.said = 0

    def speak(self, speaker: Client) -> None:
        """Say as much as may wait for anybody, and see that it was served."""
        self.witnesses.exchange()
        texts = [f"{number} {'x' * 1000}" for number in range(self.said, self.said + PORTION)]
        self.said += len(texts)
        speaker.say(*texts)
        self.assertEqual(speaker.ask("/whoami"), "-> You are speaker, in elsewhere.")

    def speak_too_much(self, speaker: Client) -> None:
        """Say more than waits anywhere: in both kernels, and here."""
        for _ in range(TOO_MUCH // PORTION):
            self.speak(speaker)

    def assert_complete(self, lines: Sequence[str], start: int = 0) -> int:
        """See that nothing is absent but what is counted; give how many lines that makes."""
        expected = start
        for line in lines:
            if missed := re.fullmatch(r"\* You missed (\d+) messages\.", line):
                expected += int(missed[1])
            else:
                self.assertEqual(line.split()[:2], ["speaker:", str(expected)])
                expected += 1
        return expected

    def test_one_that_never_reads_costs_the_others_nothing(self) -> None:
        deaf, speaker = self.guest_in_room("deaf", "elsewhere"), self.guest()
        speaker.say("/nick speaker", "/join elsewhere")
        speaker.wait_for_lines(2)
        deaf.paused = True
        self.speak_too_much(speaker)
        for _ in range(50):
            self.speak(speaker)
            self.witnesses.assert_memory_is_bounded()

    def test_one_that_stops_and_then_trickles_is_told_exactly_what_it_missed(self) -> None:
        slow, speaker = self.guest_in_room("slow", "elsewhere", window=8192), self.guest()
        speaker.say("/nick speaker", "/join elsewhere")
        speaker.wait_for_lines(2)
        self.assertEqual(slow.read_line(), "* speaker joined")
        slow.paused = True
        self.speak_too_much(speaker)
        while not any("missed" in line for line in slow.lines):
            slow.take_in(8192)
            self.witnesses.exchange()
            if self.said % 3:
                self.speak(speaker)
        slow.paused = False
        self.speak(speaker)
        self.until(lambda: slow.lines and f" {self.said - 1} " in slow.lines[-1])
        self.assertEqual(self.assert_complete(slow.lines), self.said)

    def test_one_that_asks_and_never_reads_is_read_no_more_and_loses_nothing(self) -> None:
        for form in ("{} {}", "{} é{}"):
            guest = self.guest(window=65536)
            guest.paused = True
            texts = [form.format(number, "x" * 1000) for number in range(20_000)]
            data = "".join(f"{text}\n" for text in texts).encode()
            sent = self.send_until_refused(guest, data)
            self.witnesses.assert_memory_is_bounded()
            guest.paused = False
            end = data.index(b"\n", sent) + 1
            guest.send(data[sent:end])
            count = data.count(b"\n", 0, end)
            self.assertEqual(
                guest.wait_for_lines(count), [text.upper() for text in texts[:count]]
            )

    def send_until_refused(self, guest: Client, data: bytes) -> int:
        """Let a guest send until the kernel has taken nothing for a while; give its size."""
        sent, refusals = 0, 0
        while refusals < 20:
            taken = guest.offer(data[sent:])
            sent, refusals = sent + taken, 0 if taken else refusals + 1
            self.witnesses.exchange()
        return sent


class Connections(WitnessedCase):
    def test_a_storm_of_resets(self) -> None:
        self.begin()
        for number in range(200):
            guest = self.connect()
            guest.say(f"/join {ROOM}", "hello", "half a li")
            if number % 10 == 0:
                self.witnesses.exchange()
            guest.reset()

    def test_resets_before_they_were_accepted(self) -> None:
        self.begin()
        for _ in range(3):
            self.server.suspend()
            for guest in [self.connect() for _ in range(50)]:
                guest.say("hello")
                guest.reset()
            self.server.resume()
            self.witnesses.exchange()

    def test_resets_in_the_middle_of_a_fan_out(self) -> None:
        self.begin()
        guests = [self.guest_in_room(f"guest{number}") for number in range(50)]
        self.server.suspend()
        said = self.witnesses.ann.speak()
        for guest in guests[::2]:
            guest.reset()
        self.server.resume()
        for guest in (*guests[1::2], self.witnesses.ben.client):
            self.sources.wait(lambda guest=guest: said in guest.lines, "it is heard")  # type: ignore[misc]
        self.assertEqual(self.witnesses.ben.heard_from(self.witnesses.ann), [said])
        self.witnesses.exchange()

    def test_half_closed_connections_end_when_they_are_answered(self) -> None:
        self.begin()
        for number in range(50):
            guest = self.guest()
            guest.say("hello", "/whoami")
            guest.end_output()
            self.witnesses.exchange()
            self.assertEqual(guest.read_to_end(), ["HELLO", f"-> You are Client {number + 3}."])

    def test_a_flood_of_connections(self) -> None:
        self.begin()
        for number in range(1000):
            self.guest()
            if number % 100 == 0:
                self.witnesses.exchange()

    def test_thousands_of_comings_and_goings_leave_the_memory_flat(self) -> None:
        self.begin()
        self.come_and_go(2000)
        after_some = resident(self.server.pid)
        self.come_and_go(4000)
        self.assertLess(resident(self.server.pid) - after_some, SLACK // 16)

    def come_and_go(self, count: int) -> None:
        """Let so many come, join, speak and leave, a few at a time: all hear of each other."""
        for _ in range(count // FEW):
            guests = [self.connect() for _ in range(FEW)]
            for guest in guests:
                guest.say("/join elsewhere", "hello", "/quit")
            for guest in guests:
                guest.read_to_end()
                guest.close()
            self.witnesses.exchange()


class Shortages(WitnessedCase):
    SIXTY_FOUR = 'ulimit -n 64; exec "$@"'

    def test_a_server_that_counts_its_descriptors_turns_callers_away(self) -> None:
        self.begin(through=self.SIXTY_FOUR)
        answers = self.call(150)
        self.assertEqual(answers.count("HELLO"), 30)  # 64, less 32, less the witnesses
        self.assertEqual(answers.count(FULL), 120)

    def test_out_of_descriptors_it_does_not_spin_and_recovers_by_itself(self) -> None:
        self.begin("--max-clients", "1000", through=self.SIXTY_FOUR)
        callers = [self.guest() for _ in range(150)]
        for caller in callers:
            caller.say("hello")
        self.until(lambda: b"cannot accept" in self.server.output.text)
        self.assertLess(work_in_a_while(self.server.pid).seconds, 0.05)
        self.witnesses.exchange()
        for caller in callers:  # as those before it leave, each gets its turn
            self.assertIn(caller.read_line(), ("HELLO", FULL))
            caller.close()
        self.assertEqual(self.guest().ask("hello"), "HELLO")
        self.assertLess(self.server.output.text.count(b"cannot accept"), 10)

    def test_a_full_server_says_so_to_everybody(self) -> None:
        self.begin("--max-clients", "10")
        answers = self.call(100)
        self.assertEqual(answers.count("HELLO"), 8)
        self.assertEqual(answers.count(FULL), 92)

    def test_a_full_share_of_one_host_says_so_to_everybody(self) -> None:
        self.begin("--max-per-host", "10")
        answers = self.call(50)
        self.assertEqual(answers.count("HELLO"), 8)
        self.assertEqual(answers.count("-> Too many connections from your address."), 42)
        self.assertEqual(self.guest(source="127.0.0.2").ask("hello"), "HELLO")

    def call(self, count: int) -> list[str | None]:
        """Let so many call at once and say hello; give what each reads first."""
        callers = [self.guest() for _ in range(count)]
        for caller in callers:
            with contextlib.suppress(ConnectionError):  # turned away already
                caller.say("hello")
        self.witnesses.exchange()
        return [caller.read_line() for caller in callers]


class Moderation(WitnessedCase):
    def test_one_that_is_kicked_while_it_sends_reads_why(self) -> None:
        self.begin(stdin=subprocess.PIPE)
        for number in range(5):
            guest = self.guest_in_room(f"guest{number}", "elsewhere")
            self.send_meanwhile(guest, b"x" * MEGABYTE)
            self.server.type(f"/kick guest{number} flooding\n")
            self.until(lambda number=number: self.is_kicked(number))  # type: ignore[misc]
            with contextlib.suppress(ConnectionError):
                for _ in range(20):
                    guest.offer(b"x" * MEGABYTE)
            self.assertEqual(guest.read_to_end()[-1], "-> You were kicked: flooding.")
            self.assertFalse(guest.was_reset)

    def is_kicked(self, number: int) -> bool:
        return f"guest{number} was kicked." in self.server.output.lines


