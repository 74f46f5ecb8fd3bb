"""How the server scales with its connections, beside other designs under the same load.

`python -m benchmarks` starts one server after another, puts the same load on each, and reports
what a delivered message costs, and how long others wait for theirs. `README.md` in this directory
says what is measured and why.

The families of questions:

    sweep.py      servers side by side, at one size after another
    hostile.py    how long others wait while some do their worst
    memory.py     what a server takes when thousands do not read
    kept.py       what keeping lines on disk costs
    tls.py        what TLS costs

What a comparison consists of:

    plan.py       sizes, rounds, time, and where the limits cut them
    session.py    one server and its load process, from start to end
    load.py       the load process: one server, one crowd, every scenario
    crowd.py      the load's connections and its epoll loop
    scenarios.py  what the crowd does: echo, fan-out, arrivals
    burst.py      the burst
    rooms.py      small rooms, a chorus, members who do not read
    stats.py      samples to figures: percentiles, medians, spread
    report.py     figures as a table and as JSON
    plot.py       figures as SVG

What a flood consists of:

    floods.py     what hostile callers send
    flood.py      the process that sends it
    handshakes.py the process that calls over TLS and hangs up again
    witness.py    the process that measures how long somebody else's message takes

And for all:

    request.py    what was asked for on the command line
    servers.py    the servers under test: how each is started and ended
    helpers.py    the processes beside them
    usage.py      the CPU time and memory of another process
    machine.py    what the figures depend on: processor, versions, limits

`thread_server.py` and `asyncio_server.py` are the designs to compare with. Nothing here is imported
by `reactor_chat`, and nothing here imports it: the server is measured from outside.
"""
