"""A chat over plain TCP, on a hand-written, single-threaded reactor."""
