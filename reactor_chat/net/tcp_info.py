"""What the kernel knows of a TCP connection and tells on request.

How far the peer has come, and whether its system still answers. Linux only: elsewhere it looks
as if a peer took nothing, so nobody may depend on it alone.

Not here: what follows from it (`stall`, `liveness`).
"""

import socket
import struct
from typing import Final

from reactor_chat.net.tls_stream import ByteStream

# `tcpi_bytes_acked` in `struct tcp_info` of linux/tcp.h, since Linux 4.1.
_BYTES_ACKED: Final = struct.Struct("=120xQ")

# `tcpi_retransmits`, `tcpi_probes`, `tcpi_unacked`, `tcpi_last_ack_recv` (milliseconds ago) and
# `tcpi_notsent_bytes`, since Linux 4.6.
_ANSWERS: Final = struct.Struct("=2xBB20xI28xI84xI")


def acknowledged(sock: ByteStream) -> int:
    """Return how many bytes the peer's system has taken so far; always 0 where ours is silent."""
    try:
        return int(_BYTES_ACKED.unpack(_ask(sock, _BYTES_ACKED.size))[0])
    except (AttributeError, OSError, struct.error):  # another system, not TCP, an older Linux
        return 0


def unanswered_for(sock: ByteStream) -> float | None:
    """Return for how many seconds the peer's system was silent, while it was asked in vain.

    0.0 if nothing waits for it, or if it was not asked since it last answered. While a window is
    zero, the kernel asks less and less often, up to once in two minutes: silence alone says nothing
    about a peer that is only stopped. None where our system does not tell.
    """
    try:
        data = _ask(sock, _ANSWERS.size)
        retransmits, probes, unacked, silence, unsent = _ANSWERS.unpack(data)
    except OSError:  # not TCP, or closed
        return 0.0
    except (AttributeError, struct.error):  # another system, an older Linux
        return None
    waits = bool(unacked or unsent)
    return silence / 1000 if waits and (retransmits or probes) else 0.0


def _ask(sock: ByteStream, size: int) -> bytes:
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, size)
