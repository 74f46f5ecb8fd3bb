"""A small simulated machine, and the server on it: one thread, from one seed.

The server's seams (its selector, its clock, its sockets) accept these in place of the real ones.
What comes out depends only on the `random.Random` that goes in: there is no global state, no set
is iterated, and nothing here asks the operating system anything.

The machine knows neither chat nor lines. The same contract tests are run on it and on real
sockets, so that the simulation cannot drift from Linux unnoticed:
- `process`: one process's descriptors, its luck, and the rules that it broke.
- `stream`: one end of a TCP connection.
- `network`: who listens where, and who has called.
- `selector`: what is ready.
- `clock`: what time it is.
- `worlds` and `contract`: the simulated and the real machine behind one face, and the frame in
  which one test runs on both.

The server on it, and who watches:
- `acts`: what a client may say. `client`: one that says it, and reads or stalls.
- `model`: what follows from what was said, in the order of the server's log.
- `expectations`: what one client must receive, against what it does.
- `driver`: the server, its clients and the model, a turn at a time.
- `witnesses`: the frame of the tests of faults. `pair`: that of the tests of one connection.
"""
