"""What leaves next, of all that waits for one peer: its pieces, then its rooms' news.

Invariants:
- The order is kept: a piece that is not done holds up what follows it.
- What one call puts together is bounded by `CHUNK` and one entry of a log. Otherwise a reader who
  is a megabyte behind would have it copied for a kernel that takes some of it.

Not here: offering it to the kernel, and what that refuses (`send_queue`).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from reactor_chat.net.pieces import Piece

if TYPE_CHECKING:
    from reactor_chat.net.place import Place

# How much is put together for one `send`. A piece that is larger leaves alone, without a copy.
CHUNK: Final = 64 * 1024


def gather(pieces: list[bytes | Piece], places: Iterable["Place"]) -> bytes:
    """Take about `CHUNK` bytes of what waits, in its order; the pieces that are used up go."""
    parts: list[bytes] = []
    budget, used = CHUNK, 0
    for piece in pieces:
        if isinstance(piece, bytes):
            data, done = piece, True
        else:
            data, done = piece.take(budget), piece.done
        parts.append(data)
        used += done
        budget -= len(data)
        if budget <= 0 or not done:
            break
    else:
        _gather_news(places, parts, budget)
    del pieces[:used]
    return b"".join(parts) if len(parts) > 1 else parts[0] if parts else b""


def _gather_news(places: Iterable["Place"], parts: list[bytes], budget: int) -> None:
    """Take of the live ranges what fits, and at least one entry."""
    for place in places:
        if budget > 0 and place.behind_by > 0:
            data = place.take(budget)
            parts.append(data)
            budget -= len(data)
