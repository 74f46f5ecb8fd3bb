"""The textbook design: one thread a client, blocking sockets.

It answers in uppercase outside a room and relays inside one: `/nick NAME`, `/join ROOM`, and
text. Nothing else is served, nothing is limited, and nothing is logged. The table of rooms has
one lock; each client has another, since several threads may speak to it at once and a line
must not end up inside another.
"""

import socket
import threading

BACKLOG = 128
READ = 1024

rooms: dict[str, set["Client"]] = {}
rooms_lock = threading.Lock()


class Client:
    """One connection, served by the thread that runs `serve`."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.name = f"Client {number}"
        self.room = ""
        self.speaking = threading.Lock()

    def serve(self) -> None:
        rest = b""
        try:
            while data := self.sock.recv(READ):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self.handle(line.decode())
        except OSError:
            pass
        finally:
            self.leave()
            self.sock.close()

    def handle(self, text: str) -> None:
        command, _, argument = text.partition(" ")
        if command == "/nick":
            self.name = argument
            self.say(f"-> You are now {argument}.\n")
        elif command == "/join":
            self.join(argument)
        elif self.room:
            self.relay(f"{self.name}: {text}\n".encode())
        else:
            self.say(f"{text.upper()}\n")

    def say(self, text: str) -> None:
        self.send(text.encode())

    def send(self, line: bytes) -> None:
        with self.speaking:
            self.sock.sendall(line)

    def relay(self, line: bytes) -> None:
        with rooms_lock:
            members = list(rooms[self.room])
        for member in members:
            if member is not self:
                try:
                    member.send(line)
                except OSError:
                    continue  # its own thread will find out

    def join(self, room: str) -> None:
        self.leave()
        with rooms_lock:
            rooms.setdefault(room, set()).add(self)
            self.room = room
        self.say(f"-> You joined {room}.\n")

    def leave(self) -> None:
        with rooms_lock:
            rooms.get(self.room, set()).discard(self)


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    number = 0
    while True:
        sock, _ = listener.accept()
        # As asyncio does: otherwise 16 answers wait for each other's acknowledgement.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number += 1
        threading.Thread(target=Client(sock, number).serve, daemon=True).start()


if __name__ == "__main__":
    main()
