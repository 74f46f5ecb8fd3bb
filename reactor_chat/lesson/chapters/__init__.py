"""The chapters of the lesson: each a scene on real sockets, in at most 60 lines."""
