"""Puts loop, streams and chat together, and runs them as a process."""
