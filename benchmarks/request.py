"""What was asked for on the command line, as every family of scenarios reads it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """None stands for what the scale says."""

    scale: str
    root: Path  # the checkout whose server is measured
    say: Callable[[str], None]
    subjects: list[str] | None = None
    scenarios: list[str] | None = None
    sizes: tuple[int, ...] | None = None
    rounds: int | None = None
    out: Path | None = None
    before: Path | None = None  # another checkout, to be compared in the same run

    def chosen(self, known: Iterable[str], unasked: Iterable[str] | None = None) -> list[str]:
        """Return the scenarios of a family that were asked for, or those to run if none were."""
        if self.scenarios is not None:
            return [name for name in known if name in self.scenarios]
        return list(known if unasked is None else unasked)

    def sizes_of(self, fixed: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        """Return the sizes of the scenarios that have their own, unless others were asked for."""
        return {name: self.sizes or sizes for name, sizes in fixed.items()}

    @property
    def partial(self) -> bool:
        """Return whether this is less than everything."""
        return any((self.subjects, self.scenarios, self.sizes, self.rounds, self.before))
