"""No password stands in a line that is kept or shown."""

import unittest

from reactor_chat.wire.redaction import redact


class RedactionTest(unittest.TestCase):
    def test_a_password_becomes_asterisks_whatever_its_length(self) -> None:
        for line, redacted in (
            ("/login alice hunter22", "/login alice ********"),
            ("/LOGIN  Alice  a b c ", "/LOGIN  Alice  ********"),
            ("/register swordfish", "/register ********"),
            ("/password swordfish", "/password ********"),
        ):
            self.assertEqual(redact(line), redacted)

    def test_so_does_one_that_a_mistyped_command_would_say(self) -> None:
        for line in (" /login alice hunter22", "//login alice hunter22", "/ login alice hunter22"):
            self.assertNotIn("hunter22", redact(line))

    def test_other_lines_stay_as_they_are(self) -> None:
        for line in (
            "", "hello", "/login", "/login alice", "/login alice ", "/register", "/unregister x",
            "/msg bob /login alice hunter22", "say /register swordfish", "/passwords are short",
        ):  # fmt: skip
            self.assertEqual(redact(line), line)


if __name__ == "__main__":
    unittest.main()
