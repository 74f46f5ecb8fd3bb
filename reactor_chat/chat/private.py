"""What is said to one person alone, or to the operator.

Invariant: the sender reads the same answer whether the recipient ignores it or not. Otherwise
ignoring somebody would be telling it so.

Not here: who is meant (`people`), and what the operator answers (`moderation`).
"""

from reactor_chat.chat.chat import Chat
from reactor_chat.chat.errors import MUTED, CommandError
from reactor_chat.chat.members import Member
from reactor_chat.wire.protocol import frame


def write_private(chat: Chat, sender: Member, recipient: Member, text: str) -> None:
    """Say something to one person alone."""
    if sender.muted:
        raise CommandError(MUTED)
    if recipient.link.full:
        name = recipient.name
        raise CommandError(f"{name} is not reading; your message was not delivered.")
    if recipient not in (chat.ignoring.ignorers(sender) or ()):
        recipient.reply_to = sender
        recipient.write(frame(f"[PM from {sender.name}] {text}"))
    sender.tell(f"[PM to {recipient.name}] {text}")
    chat.relayed += 1


def write_operator(chat: Chat, sender: Member, text: str) -> None:
    """Say something to the operator alone."""
    if sender.muted:
        raise CommandError(MUTED)
    line = f"[PM from {sender.name}] {text}"
    chat.journal.event("message", line, sender.given, name=sender.name)
    sender.tell(f"[PM to Server] {text}")
    chat.relayed += 1
