"""What is said to one person alone, or to the operator.

Invariants:
- The sender reads the same answer whether the recipient ignores it or not. Otherwise ignoring
  somebody would be telling it so.
- A reply goes to whoever wrote last, the operator included: what is meant for the operator is for
  nobody else.

Not here: who is meant (`people`).
"""

from reactor_chat.chat.chat import Chat
from reactor_chat.chat.errors import MUTED, CommandError
from reactor_chat.chat.members import OPERATOR, Member
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


def reply(chat: Chat, sender: Member, text: str) -> None:
    """Say something to whoever last wrote to the sender."""
    recipient = sender.reply_to
    if recipient is None:
        raise CommandError("Nobody has written to you.")
    if recipient is OPERATOR:
        write_operator(chat, sender, text)
    elif recipient in chat.people:
        write_private(chat, sender, recipient, text)
    else:
        raise CommandError(f"{recipient.name} has left.")


def write_as_operator(recipient: Member, text: str) -> None:
    """Let the operator say something to one person alone."""
    recipient.reply_to = OPERATOR
    recipient.write(frame(f"[PM from Server] {text}"))


def write_operator(chat: Chat, sender: Member, text: str) -> None:
    """Say something to the operator alone."""
    if sender.muted:
        raise CommandError(MUTED)
    line = f"[PM from {sender.name}] {text}"
    chat.journal.event("message", line, sender.given, name=sender.name)
    sender.tell(f"[PM to Server] {text}")
    chat.relayed += 1
