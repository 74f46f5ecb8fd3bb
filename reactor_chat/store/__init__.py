"""What is kept on disk: the keeper, a process of its own, and its client on the reactor."""
