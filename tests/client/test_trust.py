"""Whom a client trusts, over TLS on simulated sockets."""

import random
import ssl
import tempfile
import unittest
from pathlib import Path
from typing import Any, cast

from reactor_chat.client.known_servers import KnownServers
from reactor_chat.client.trust import Decision, Trust, Verdict
from reactor_chat.net.tls_stream import TlsError
from reactor_chat.wire.fingerprints import fingerprint
from tests.certificates import Certificate, certificate
from tests.net.tls_pair import over, shake
from tests.sim.network import socket_pair
from tests.sim.process import Process


def call(trust: Trust, server: Certificate | None) -> Verdict:
    """Connect to a server that shows this certificate; None hangs up. Give the verdict."""
    near, far = socket_pair(Process(random.Random(0)), Process(random.Random(1)))
    client = trust.wrap(cast(Any, far))
    ends = [client]
    if server is None:
        near.close()
    else:
        ends.append(over(near, server.server_context()))
    try:
        shake(*ends)
    except OSError as error:
        return trust.judge_failure(error)
    return trust.judge(client)


class TrustCase(unittest.TestCase):
    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.known = KnownServers(Path(place.name, "known_servers"))
        self.connections = 0
        self.own = fingerprint(certificate().der)
        self.other = fingerprint(certificate("elsewhere").der)

    def trust(self, host: str = "localhost", pinned: str | None = None, vouched: str = "") -> Trust:
        """A client's trust, whose authorities vouch for the certificate of that name alone."""

        def authorities() -> ssl.SSLContext:
            return certificate(vouched or "nobody").client_context()

        return Trust(host, 56040, self.known, pinned, authorities)

    def call(self, trust: Trust, server: Certificate | None = None) -> Verdict:
        """Connect, as often as it takes."""
        while True:
            self.connections += 1
            verdict = call(trust, server or certificate())
            if verdict.decision is not Decision.AGAIN:
                return verdict

    def check(self, decision: Decision, trust: Trust, server: Certificate | None = None) -> Verdict:
        verdict = self.call(trust, server)
        self.assertIs(verdict.decision, decision)
        return verdict


class AuthoritiesTest(TrustCase):
    def test_a_certificate_that_they_vouch_for_is_accepted_for_its_host(self) -> None:
        for host in ("localhost", "LocalHost", "127.0.0.1"):
            self.check(Decision.ACCEPTED, self.trust(host, vouched="localhost"))
        self.assertEqual(self.connections, 3)

    def test_it_is_not_for_another_host(self) -> None:
        verdict = self.check(Decision.UNKNOWN, self.trust("example.org", vouched="localhost"))
        self.assertIn("example.org:56040 (Hostname mismatch", verdict.text)

    def test_it_may_take_the_place_of_one_that_is_remembered(self) -> None:
        self.known.remember("localhost:56040", self.other)
        self.check(Decision.ACCEPTED, self.trust(vouched="localhost"))
        self.assertEqual(self.connections, 2)


class StrangerTest(TrustCase):
    def test_a_stranger_is_asked_about_with_the_fingerprint(self) -> None:
        verdict = self.check(Decision.UNKNOWN, self.trust())
        self.assertEqual(
            verdict.text.split("\n"),
            [
                "No authority vouches for the certificate of localhost:56040 "
                "(self-signed certificate).",
                f"Its fingerprint is {self.own}",
                "The server's operator can confirm it.",
            ],
        )

    def test_where_nobody_can_be_asked_one_line_says_what_would_accept_it(self) -> None:
        refusal = self.call(self.trust()).refusal
        self.assertIn(f"--trust {self.own} ", refusal)
        self.assertNotIn("\n", refusal)

    def test_who_is_trusted_once_is_not_asked_about_again(self) -> None:
        trust = self.trust()
        self.assertIsNone(trust.remember(self.call(trust)))
        self.connections = 0
        self.check(Decision.ACCEPTED, trust)
        self.check(Decision.ACCEPTED, self.trust())
        self.assertEqual(self.connections, 2)

    def test_a_verdict_that_is_not_answered_is_not_remembered(self) -> None:
        trust = self.trust()
        for _ in range(2):
            self.check(Decision.UNKNOWN, trust)

    def test_another_port_is_another_server(self) -> None:
        self.known.remember("localhost:1", self.own)
        self.check(Decision.UNKNOWN, self.trust())

    def test_what_cannot_be_remembered_holds_as_long_as_the_client_runs(self) -> None:
        self.known.path = None
        trust = self.trust()
        warning = trust.remember(self.call(trust))
        self.assertEqual(
            warning, "This will be asked again: there is no directory for it: HOME is not set."
        )
        self.check(Decision.ACCEPTED, trust)


class ChangedTest(TrustCase):
    def test_a_fingerprint_that_has_changed_is_refused_with_both_shown(self) -> None:
        self.known.remember("localhost:56040", self.other)
        lines = self.check(Decision.REFUSED, self.trust()).text.split("\n")
        self.assertEqual(lines[0], "The certificate of localhost:56040 has changed.")
        self.assertEqual(lines[1:3], [f"Remembered: {self.other}", f"Shown now: {self.own}"])
        self.assertIn(f"delete the line of localhost:56040 in {self.known.path}", lines[3])

    def test_so_it_is_on_every_later_connection(self) -> None:
        trust = self.trust()
        trust.remember(self.call(trust))
        self.check(Decision.REFUSED, trust, certificate("elsewhere"))
        self.check(Decision.ACCEPTED, trust)

    def test_a_connection_that_could_not_be_made_again_starts_over(self) -> None:
        self.known.remember("localhost:56040", self.other)
        trust = self.trust()
        self.assertIs(call(trust, certificate()).decision, Decision.AGAIN)
        trust.start_over()
        self.check(Decision.ACCEPTED, trust, certificate("elsewhere"))

    def test_a_file_that_cannot_be_read_is_an_error_before_anything_is_said(self) -> None:
        assert self.known.path is not None
        self.known.path.mkdir()
        with self.assertRaisesRegex(TlsError, "cannot read"):
            self.call(self.trust())


class PinnedTest(TrustCase):
    def test_the_one_that_was_given_is_accepted_and_not_remembered(self) -> None:
        self.check(Decision.ACCEPTED, self.trust(pinned=self.own))
        self.assertIsNone(self.known.find("localhost:56040"))
        self.assertEqual(self.connections, 1)

    def test_it_counts_more_than_what_is_remembered(self) -> None:
        self.known.remember("localhost:56040", self.other)
        self.check(Decision.ACCEPTED, self.trust(pinned=self.own))

    def test_any_other_is_refused_whoever_vouches_for_it(self) -> None:
        verdict = self.check(Decision.REFUSED, self.trust(pinned=self.other, vouched="localhost"))
        self.assertIn(f"To be trusted: {self.other}\nShown now: {self.own}\n", verdict.text)


class FailureTest(TrustCase):
    def test_what_has_nothing_to_do_with_certificates_is_a_failure_like_any_other(self) -> None:
        trust = self.trust()
        self.assertIs(call(trust, None).decision, Decision.FAILED)
        self.check(Decision.UNKNOWN, trust)

    def test_a_name_that_no_certificate_could_bear_is_an_error(self) -> None:
        with self.assertRaisesRegex(TlsError, "no certificate can be for"):
            self.call(self.trust("a..b"))
