"""People and rooms. No sockets, clock or files, so that each rule can be tested alone."""
