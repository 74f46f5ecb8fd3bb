"""The name that one wants, and the password that takes it."""

import unittest

from reactor_chat.client.login import Login


class LoginCase(unittest.TestCase):
    def login(self, name: str | None = None, password: str | None = None) -> Login:
        login = Login(name, password)
        login.connected()
        return login


class PasswordTest(LoginCase):
    def test_one_that_was_typed_is_kept_once_it_was_accepted(self) -> None:
        login = self.login()
        login.sent("/login Alice opensesame 1")
        self.assertIsNone(login.password)
        login.hear("-> You are now Alice.")
        self.assertEqual((login.name, login.password), ("Alice", "opensesame 1"))

    def test_a_wrong_one_is_not(self) -> None:
        login = self.login("alice", "opensesame")
        login.hear("-> The password is wrong.")
        login.hear("-> You are now alice.")
        self.assertIsNone(login.password)

    def test_it_is_kept_after_registering_changed_with_it_and_forgotten_without(self) -> None:
        login = self.login()
        login.hear("-> You are now alice.")
        login.sent("/register opensesame")
        login.hear("-> The name alice is yours now. /login alice PASSWORD takes it.")
        self.assertEqual(login.password, "opensesame")
        login.sent("/password another one")
        login.hear("-> Your password is changed.")
        self.assertEqual(login.password, "another one")
        login.hear("-> The name alice is free again.")
        self.assertIsNone(login.password)

    def test_another_name_does_not_have_it(self) -> None:
        login = self.login("alice", "opensesame")
        login.hear("-> You are now alice.")
        login.sent("/nick bob")
        login.hear("-> You are now bob.")
        self.assertEqual((login.name, login.password), ("bob", None))

    def test_it_is_asked_for_where_a_name_is_registered(self) -> None:
        login = self.login("alice")
        answer = "-> The name alice is registered: /login alice PASSWORD takes it."
        self.assertEqual(login.asks_password_for(answer), "alice")
        self.assertIsNone(login.asks_password_for("-> The name alice is taken."))

    def test_a_wrong_one_is_asked_for_again_only_if_the_person_did_not_type_the_command(
        self,
    ) -> None:
        login = self.login()
        login.log_in("alice", "wrong")
        self.assertEqual(login.asks_password_for("-> The password is wrong."), "alice")
        login.sent("/login alice wrong")
        self.assertIsNone(login.asks_password_for("-> The password is wrong."))


class HeldNameTest(LoginCase):
    def test_a_name_that_another_connection_holds_is_asked_for_again_in_silence(self) -> None:
        login = self.login()
        login.hear("-> You are now alice.")
        login.connected()
        self.assertFalse(login.hear("-> The name alice is taken."))
        self.assertTrue(login.is_lacking)
        self.assertEqual(login.ask_again(), "/nick alice")
        self.assertTrue(login.hear("-> The name alice is taken."))
        login.ask_again()
        self.assertFalse(login.hear("-> You are now alice."))
        self.assertFalse(login.is_lacking)

    def test_one_that_was_never_ones_own_is_not(self) -> None:
        login = self.login("alice")
        login.hear("-> The name alice is taken.")
        self.assertFalse(login.is_lacking)
