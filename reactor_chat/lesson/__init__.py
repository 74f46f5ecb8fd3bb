"""A tour of the running server: its loop is turned by hand, and every step is shown as it was."""
