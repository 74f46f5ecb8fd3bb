"""A chat over plain TCP, on a hand-written, single-threaded reactor.

A generic loop that knows no chat, a chat that knows no sockets, and little between them. Imports
run one way: a folder imports only from the folders named beside it, and a module only from those
that stand above it in its own folder.

Who may import whom:

    loop        -
    wire        -
    chat        imports wire
    net         imports loop, wire
    store       imports loop
    tty         imports wire, loop.wakeup
    server      imports loop, wire, chat, net, store, tty
    client      imports loop.wakeup, wire, net.tls_stream, tty
    lesson      imports loop, wire, net, server, tty
    __main__    imports wire, net, store, server, client, lesson

What is where:

    loop        reasons, timers, readiness, turn_length, reactor, observed, wakeup, signals
    wire        telnet, framing, protocol, redaction, addresses, fingerprints, dialects
    chat        errors, lookalikes, names, bans, rate, looking_back, rendering, log, recall,
                journal, archive, links, members, roster, people, rooms, chat, naming, private,
                announcements, visits, tries, accounts, actions, commands, moderation
    net         observed, tls_stream, certificate, tcp_info, liveness, shared, stall, pieces,
                place, gathering, upper_half, room_size, send_queue, slices, audience, owner,
                farewell, quiet, connection, listener, tls
    store       records, claim, passwords, schema, database, answers, keeper, process, outbox,
                supervisor, channel, client, log_command
    tty         columns, keys, history, history_file, completion, links, mentions, style, draft,
                viewport, folding, wrapping, repaint, search, secret, pasted, effects, editor,
                device, terminal
    server      values, settings, configuration, keeping, systemd, doors, log_formats, log_shares,
                event_log, archive, sink, waiting_lines, console, memory, allowance, run_queue,
                session, admission, stats, server, trace, service, entry
    client      known_servers, trust, asking, destination, waiting, words, tags, membership,
                receipts, introduction, login, acquaintances, conversation, resolving, dialing,
                server_link, attempt, reconnect, uplink, leaving, pipe, terminal_output,
                job_control, view, outbox, interactive, entry
    lesson      source, recorder, change, view, peer, scene, stage, chapters.one_message,
                chapters.three_clients, chapters.stream, chapters.room, chapters.slow_reader,
                chapters.sleeping, chapters.ending, chapters.thousand, chapters.broken_blocking,
                chapters.broken_interest, chapters.broken_sending, chapters.broken_limit,
                chapters.broken_close, chapters.broken_backlog, tour, book
"""

__version__ = "1.0.0"
