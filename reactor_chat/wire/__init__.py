"""What passes over the wire, as pure functions. No sockets, no clock, no files."""
