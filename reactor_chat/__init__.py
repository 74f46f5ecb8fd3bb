"""A chat over plain TCP, on a hand-written, single-threaded reactor.

A generic loop knows no chat, a chat knows no sockets, and there is little between them. So imports
run one way: a module imports only what stands above it.

Who may import whom:

The pure half. No sockets, no clock, no files:

    addresses           -
    framing             -
    timers              -
    names               -
    protocol            -
    rate                -
    rooms               imports names, protocol
    chat                imports names, protocol, rooms
    commands            imports chat, framing, protocol, rooms
    moderation          imports addresses, chat, protocol, rooms

What both ends use at a terminal:

    wakeup              -
    tty.columns         -
    tty.keys            -
    tty.history         -
    tty.completion      -
    tty.style           imports protocol
    tty.draft           imports tty.columns
    tty.viewport        imports tty.columns
    tty.folding         imports tty.columns
    tty.editor          imports tty.columns, tty.draft, tty.history, tty.keys
    tty.terminal        imports tty.editor, tty.folding, tty.keys, tty.viewport

The server:

    reactor             imports timers
    signals             imports reactor, wakeup
    sink                imports reactor, tty.terminal
    tcp_info            -
    outlet              imports reactor, tcp_info, timers
    tape                imports outlet, reactor
    connection          imports framing, outlet, reactor, timers
    listener            imports reactor
    console             imports framing, reactor, sink, timers, tty.terminal
    server              imports addresses, chat, commands, connection, listener, moderation, outlet,
                                protocol, rate, reactor, rooms, tape
    service             imports addresses, console, listener, moderation, outlet, reactor, server,
                                signals, tty.completion, tty.style

The client:

    client.asking       imports addresses
    client.session      imports protocol
    client.link         imports framing
    client.pipe         imports client.link, client.session, protocol
    client.canvas       imports tty.terminal
    client.redial       imports client.link
    client.stage        imports client.canvas, tty.editor, tty.terminal, wakeup
    client.interactive  imports client.canvas, client.link, client.redial, client.session,
                                client.stage, protocol, tty.completion, tty.style, tty.terminal,
                                wakeup
    client.entry        imports addresses, client.asking, client.interactive, client.link,
                                client.pipe, client.session, tty.style, tty.terminal

The command line:

    __main__            imports addresses, client.entry, outlet, service
"""
