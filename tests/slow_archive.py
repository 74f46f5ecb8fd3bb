"""An archive that takes its time over passwords.

Not here: what the chat makes of its answers (`tests.chat.test_accounts`).
"""

from reactor_chat.chat.archive import NoArchive, OnAnswer


class SlowArchive(NoArchive):
    """Knows names, and answers when it is told to."""

    keeps_names = True

    def __init__(self) -> None:
        super().__init__(lambda: "0123abcd")
        self.questions: list[OnAnswer] = []

    def check(self, key: str, password: str, on_answer: OnAnswer) -> None:
        self.questions.append(on_answer)
