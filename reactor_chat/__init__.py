"""A chat over plain TCP, on a hand-written, single-threaded reactor.

A generic loop that knows no chat, a chat that knows no sockets, and little between them. Imports
run one way: a folder imports only from the folders named beside it, and a module only from those
that stand above it in its own folder.

Who may import whom:

    loop        -
    wire        -
    chat        imports wire
    net         imports loop, wire
    tty         imports wire, loop.wakeup
    server      imports loop, wire, chat, net, tty
    client      imports loop.wakeup, wire, tty
    __main__    imports wire, net, server, client

What is where:

    loop        timers, reactor, wakeup, signals
    wire        framing, protocol, redaction, addresses
    chat        lookalikes, names, bans, rate, rooms, chat, commands, moderation
    net         tcp_info, send_queue, tape, connection, listener
    tty         columns, keys, history, history_file, completion, links, mentions, style, draft,
                viewport, folding, wrapping, search, secret, pasted, effects, editor, device,
                terminal
    server      values, settings, configuration, systemd, doors, log_formats, event_log, sink,
                waiting_lines, console, server, service
    client      asking, session, link, pipe, terminal_output, reconnect, job_control, interactive,
                entry
"""

__version__ = "1.0.0"
