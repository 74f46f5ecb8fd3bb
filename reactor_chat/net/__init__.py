"""Byte streams on the loop: who calls, what comes in, what waits to leave."""
