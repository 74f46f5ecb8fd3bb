"""The client: a small loop around one `poll`, over standard input and one connection.

`entry` makes the first connection and decides which loop it is: `interactive` at a terminal, `pipe`
elsewhere. Three groups of modules are behind them:

    the way to the server   destination -> resolving -> dialing -> attempt -> server_link;
                            reconnect, uplink: the same again, later
    the conversation        tags, words, introduction, login, membership, receipts, acquaintances:
                            pure, each one question; `conversation` puts them together
    the person              job_control, terminal_output, view, outbox, leaving

Nothing in here is known to the server, and nothing of the server is known here but what passes over
the wire (`wire`), and the stream of TLS that both ends share (`net.tls_stream`).
"""
