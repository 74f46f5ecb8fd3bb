"""Registered names: who has the password has the name.

Passwords are worked on elsewhere, and that takes a while. Meanwhile the member's further lines
wait, and nobody else does.

Invariants:
- The answer to a wrong password and to a name that nobody has registered is the same, and it takes
  as long: otherwise anybody could find out which names exist.
- A wrong password costs time: a second for the answer, the connection after `MAX_WRONG`, and no
  address has more than `tries.A_MINUTE` of them a minute.
- A password is handed on and forgotten: it stands in no log, no error and no history.
- An answer that comes when its member is gone does nothing.

Not here: how a password is checked and kept (`store`).
"""

from collections.abc import Callable
from typing import Final

from reactor_chat.chat.archive import OnAnswer, Verdict
from reactor_chat.chat.chat import Chat
from reactor_chat.chat.errors import MUTED, CommandError
from reactor_chat.chat.members import Member
from reactor_chat.chat.names import BadName, check_name, name_key
from reactor_chat.chat.naming import take_name
from reactor_chat.chat.tries import Tries
from reactor_chat.wire.addresses import counting_key

MIN_PASSWORD: Final = 8  # characters, both: what a person can choose, and a limit to the work
MAX_PASSWORD: Final = 128
MAX_WRONG: Final = 5  # a person who mistypes needs fewer
WRONG_COSTS: Final = 1.0  # seconds

ELSEWHERE: Final = b"-> You logged in from elsewhere.\n"
TOO_MANY: Final = b"-> Too many wrong passwords.\n"
_WRONG: Final = "The password is wrong."

# Calls something after so many seconds.
Later = Callable[[float, Callable[[], None]], object]


class Accounts:
    """Logging in and all that belongs to it.

    `now` is monotonic, in seconds; `later` calls back. `may_send` says whether a member may send a
    password over its connection.
    """

    def __init__(
        self,
        chat: Chat,
        now: Callable[[], float],
        later: Later,
        may_send: Callable[[Member], bool],
    ) -> None:
        self._chat = chat
        self._now = now
        self._later = later
        self._may_send = may_send
        self._wrong: dict[Member, int] = {}
        self._tries = Tries()
        self.waiting: dict[Member, None] = {}  # for an answer

    def register(self, member: Member, password: str) -> None:
        """Make the member's name its own."""
        self._check_use(member)
        self._check_length(password)
        if member.name == member.given:
            raise CommandError("Choose a name first: /nick NAME.")
        key, name = member.key, member.name
        if self._chat.archive.is_registered(key):
            raise CommandError(f"The name {name} is registered already.")

        def done(verdict: Verdict) -> None:
            member.account = key
            member.tell(f"The name {name} is yours now. /login {name} PASSWORD takes it.")

        self._ask(member, lambda answer: self._chat.archive.register(name, password, answer), done)

    def login(self, member: Member, wanted: str, password: str) -> None:
        """Let the member take a registered name."""
        self._check_use(member)
        if self._tries.is_barred(counting_key(member.host), self._now()):
            raise CommandError("Too many wrong passwords from your address. Try again in a minute.")
        try:
            name = check_name(wanted)
        except BadName as error:
            raise CommandError(str(error)) from error
        if member.muted:
            raise CommandError(MUTED)

        def done(verdict: Verdict) -> None:
            self._wrong.pop(member, None)
            if member.muted:  # since it asked
                member.tell(MUTED)
            else:
                self._take(member, name)

        self._ask(member, lambda answer: self._try(member, name, password, answer), done)

    def change_password(self, member: Member, password: str) -> None:
        """Change the password of the member's registered name."""
        self._check_use(member)
        self._check_own(member)
        self._check_length(password)
        key = member.account

        def done(verdict: Verdict) -> None:
            member.tell("Your password is changed.")

        self._ask(member, lambda answer: self._chat.archive.change(key, password, answer), done)

    def unregister(self, member: Member) -> None:
        """Make the member's name free again."""
        self._check_use(member)
        self._check_own(member)
        key, name = member.account, member.name

        def done(verdict: Verdict) -> None:
            member.account = ""
            member.tell(f"The name {name} is free again.")

        self._ask(member, lambda answer: self._chat.archive.forget(key, answer), done)

    def forget(self, member: Member) -> None:
        """Somebody is gone."""
        self._wrong.pop(member, None)
        self.waiting.pop(member, None)

    def _try(self, member: Member, name: str, password: str, on_answer: OnAnswer) -> None:
        address = counting_key(member.host)
        self._tries.count(address, self._now())

        def settle(verdict: Verdict) -> None:
            if verdict.granted or verdict.problem:
                self._tries.take_back(address)
            on_answer(verdict)

        self._chat.archive.check(name_key(name), password, settle)

    def _take(self, member: Member, name: str) -> None:
        holder = self._chat.people.named(name)
        if holder is not None and holder is not member:
            self._chat.leave(holder)
            holder.link.close("logged in from elsewhere", holder.dress(ELSEWHERE))
        member.account = name_key(name)
        take_name(self._chat, member, name)

    # -- asking -----------------------------------------------------------------------------------

    def _ask(
        self,
        member: Member,
        ask: Callable[[OnAnswer], None],
        done: Callable[[Verdict], None],
    ) -> None:
        self.waiting[member] = None
        member.link.pause_reading()

        def on_answer(verdict: Verdict) -> None:
            if member not in self.waiting or member not in self._chat.people:
                return
            if verdict.problem:
                member.tell(verdict.problem)
            elif verdict.granted:
                done(verdict)
            else:
                self._later(WRONG_COSTS, lambda: self._refuse(member))
                return
            self._go_on(member)

        ask(on_answer)

    def _refuse(self, member: Member) -> None:
        if member not in self.waiting or member not in self._chat.people:
            return
        self._wrong[member] = wrong = self._wrong.get(member, 0) + 1
        if wrong < MAX_WRONG:
            member.tell(_WRONG)
            self._go_on(member)
            return
        self._chat.leave(member)
        member.link.close("too many wrong passwords", member.dress(TOO_MANY))

    def _go_on(self, member: Member) -> None:
        self.waiting.pop(member, None)
        member.link.resume_reading()

    # -- what is allowed --------------------------------------------------------------------------

    def _check_use(self, member: Member) -> None:
        if not self._chat.archive.keeps_names:
            raise CommandError("This server keeps no names.")
        if not self._may_send(member):
            raise CommandError("Passwords need TLS, and this connection has none.")

    @staticmethod
    def _check_own(member: Member) -> None:
        if member.account != member.key:
            raise CommandError("You are not logged in.")

    @staticmethod
    def _check_length(password: str) -> None:
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            raise CommandError(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
