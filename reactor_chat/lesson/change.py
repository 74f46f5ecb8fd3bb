"""Taking a rule away from the running code: a few lines of one function, changed and put back.

Invariants:
- The change is made to the source that really runs, and its lines have to be there, each once. So
  what is shown is what was done, and a change that has gone stale is an error.
- Whatever happens, the function is put back.

Not here: what is changed, and what comes of it (`chapters`).
"""

import contextlib
import difflib
import inspect
import sys
import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple


class Change(NamedTuple):
    """Lines of a method, and what stands in their place."""

    owner: type
    method: str
    before: str
    after: str

    @property
    def source(self) -> str:
        """The method as it is."""
        method = vars(self.owner).get(self.method)
        if method is None:
            raise ValueError(f"there is no {self.title}")
        return textwrap.dedent(inspect.getsource(method))

    @property
    def changed(self) -> str:
        """The method as it becomes."""
        source = self.source
        if source.count(self.before) != 1:
            raise ValueError(f"{self.title} does not have this once: {self.before}")
        return source.replace(self.before, self.after)

    @property
    def title(self) -> str:
        """The method's name, with its class and file."""
        return f"{self.owner.__module__.replace('.', '/')}.py, {self.owner.__name__}.{self.method}"

    def diff(self) -> list[str]:
        """Return the change as a diff."""
        old, new = self.source.splitlines(), self.changed.splitlines()
        rows = list(difflib.unified_diff(old, new, n=2, lineterm=""))[3:]
        return [f"--- {self.title}", *rows]

    @contextlib.contextmanager
    def made(self) -> Iterator[None]:
        """Let the changed method run."""
        original = vars(self.owner)[self.method]
        names: dict[str, Any] = {}
        code = compile(self.changed, f"<{self.title}, changed>", "exec")
        exec(code, sys.modules[self.owner.__module__].__dict__, names)
        setattr(self.owner, self.method, names[self.method])
        try:
            yield
        finally:
            setattr(self.owner, self.method, original)
