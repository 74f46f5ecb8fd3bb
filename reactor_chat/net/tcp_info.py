"""What the kernel knows of a TCP connection and tells on request: how far the peer has come.

Linux only. Elsewhere the answer is the same as for a peer that takes nothing, so nobody may depend
on it alone.

Not here: what follows from it (`outlet`).
"""

import socket
import struct
from typing import Final

from reactor_chat.net.tls_stream import ByteStream

# `tcpi_bytes_acked` in `struct tcp_info` of linux/tcp.h, since Linux 4.1.
_BYTES_ACKED: Final = struct.Struct("=120xQ")


def acknowledged(sock: ByteStream) -> int:
    """How many bytes the peer's system has taken so far; always 0 where ours does not tell."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED.size)
        return int(_BYTES_ACKED.unpack(info)[0])
    except (AttributeError, OSError, struct.error):  # another system, not TCP, an older Linux
        return 0
