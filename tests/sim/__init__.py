"""A small simulated machine: sockets, a selector and a clock that run in one thread, from one seed.

The server's seams (its selector, its clock, its sockets) accept these in place of the real ones.
What comes out depends only on the `random.Random` that goes in: there is no global state, no set
is iterated, and nothing here asks the operating system anything. The same contract tests are run
on these fakes and on real sockets, so that the simulation cannot drift from Linux unnoticed.

- `process`: one process's descriptors, its luck, and the rules that it broke.
- `stream`: one end of a TCP connection.
- `network`: who listens where, and who has called.
- `selector`: what is ready.
- `clock`: what time it is.
- `worlds` and `contract`: the simulated and the real machine behind one face, and the frame in
  which one test runs on both.

What does not belong here: anything that knows chat, lines, or the server under test.
"""
