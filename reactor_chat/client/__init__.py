"""The client: a small select loop over standard input and one socket.

`entry` decides which loop it is: `interactive` at a terminal, `pipe` elsewhere. Both hold a `link`
(the socket, its lines, and coming back after a loss) and a `session` (what the client knows of
itself from what passes by: its name, its room, whether it has said farewell). `asking` is the
prompt for an address.

Nothing in here is known to the server, and nothing of the server is known here but for the pure
half's `framing` and `protocol`.
"""
