"""How the server scales with its connections, beside other designs under the same load.

`python -m benchmarks` starts one server after another, puts the same load on each, and reports
what a delivered message costs. `README.md` in this directory says what is measured and why.

    plan.py      what a run consists of: sizes, rounds, time, and where the limits cut it
    machine.py   what the figures depend on: processor, versions, limits
    servers.py   the servers under test: how each is started and ended
    usage.py     the CPU time and memory of another process
    crowd.py     the load's connections and its epoll loop
    scenarios.py what the crowd does: echo, fan-out, arrivals
    burst.py     and the burst
    load.py      the load process: one server, one crowd, every scenario
    session.py   one server and its load process, from start to end
    hostile.py   how long others wait while some do their worst
    floods.py    what those send
    flood.py     the process that sends it
    witness.py   the process that measures how long somebody else's message takes
    stats.py     samples to figures: percentiles, medians, spread
    report.py    figures as a table and as JSON
    plot.py      figures as SVG

`thread_server.py` and `asyncio_server.py` are the designs to compare with. Nothing here is imported
by `reactor_chat`, and nothing here imports it: the server is measured from outside.
"""
