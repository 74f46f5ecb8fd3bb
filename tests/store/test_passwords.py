"""What is kept of a password lets nobody in without it."""

import hashlib
import unittest
from unittest.mock import patch

from reactor_chat.store.passwords import make_secret, matches


class PasswordsTest(unittest.TestCase):
    def test_only_the_same_password_matches(self) -> None:
        secret = make_secret("pässword1")
        self.assertTrue(matches("pässword1", secret))
        self.assertFalse(matches("pässword2", secret))

    def test_the_same_password_is_kept_differently_each_time(self) -> None:
        self.assertNotEqual(make_secret("password"), make_secret("password"))

    def test_the_password_is_not_in_what_is_kept(self) -> None:
        self.assertNotIn(b"password", b"".join(make_secret("password")))

    def test_nobodys_password_is_never_right_and_costs_the_same(self) -> None:
        secret = make_secret("password")
        with patch.object(hashlib, "scrypt", wraps=hashlib.scrypt) as scrypt:
            self.assertFalse(matches("password", None))
            self.assertTrue(matches("password", secret))
        nobodys, somebodys = (call.kwargs for call in scrypt.call_args_list)
        self.assertEqual({**nobodys, "salt": b""}, {**somebodys, "salt": b""})
        self.assertEqual(len(nobodys["salt"]), len(somebodys["salt"]))
