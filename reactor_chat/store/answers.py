"""What the keeper answers: what is in the file, lines that are read back, and passwords.

Not here: when it answers, and failures.
"""

from typing import Final

from reactor_chat.store.database import Database
from reactor_chat.store.passwords import make_secret, matches
from reactor_chat.store.records import Frame, Kind, encode, encode_slice

# How many rooms or accounts one frame lists.
_LISTED: Final = 1000


def list_contents(database: Database, everything: bool) -> list[bytes]:
    """Return what a server has to know of the file; one that goes on knows rooms and names."""
    frames = []
    lists = ((Kind.ROOMS, database.rooms), (Kind.ACCOUNTS, database.accounts))
    for kind, read in lists if everything else ():
        listed = read()
        starts = range(0, len(listed), _LISTED)
        frames += [encode(kind, listed[start : start + _LISTED]) for start in starts]
    origin = database.origin
    rest = {"origin": origin, "floor": database.floor, "bans": database.bans()}
    return [*frames, encode(Kind.OPENED, rest)]


def read_slice(database: Database, frame: Frame) -> bytes:
    """Read the lines that were asked for, as many as one slice holds."""
    room, first, upto, *furthest = frame.value()
    if frame.kind == Kind.READ_LAST:
        piece = database.read(room, database.before_last(room, first, upto), upto)
    elif furthest:  # the beginning: no more than so many, and exactly what is missed
        upto = min(upto, database.last(room))
        after = max(first, database.before_last(room, furthest[0], upto))
        missed = upto - first - database.count(room, after, upto)
        piece = database.read(room, after, upto)._replace(missed=max(0, missed))
    else:
        piece = database.read(room, first, upto)
    return encode_slice(frame.request, piece)


def check_password(database: Database, frame: Frame) -> bytes:
    """Do what is asked with a password or an account, and say whether it is granted."""
    value = frame.value()
    if frame.kind == Kind.FORGET:
        granted = database.forget(value)
    elif frame.kind == Kind.REGISTER:
        granted = _register(database, *value)
    elif frame.kind == Kind.LOGIN:
        granted = matches(value[1], database.secret(value[0]))
    else:
        granted = database.set_secret(value[0], make_secret(value[1]))
    return encode(Kind.ANSWER, granted, frame.request)


def _register(database: Database, name: str, key: str, password: str) -> bool:
    """Add an account. Asked for a second time, since the answer was lost, it is granted again."""
    secret = database.secret(key)
    if secret:
        return matches(password, secret)
    database.set_account(key, name, make_secret(password))
    return True
