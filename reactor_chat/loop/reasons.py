"""Why a system call failed, in words that people read.

Not here: what is done about it.
"""

import os


def reason_for(error: OSError) -> str:
    """Return in a few words why a system call failed."""
    return os.strerror(error.errno).lower() if error.errno else str(error)
