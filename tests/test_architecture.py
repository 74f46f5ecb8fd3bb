"""Imports are those of the tables in the package's docstring, run one way, and stay in the library.

The first table names, for each folder, the folders (or single modules of them) that it may import.
The second lists the modules of each folder; a module imports only those before it.
"""

import ast
import re
import sys
import unittest
from pathlib import Path
from typing import ClassVar

import reactor_chat

ROOT = Path(reactor_chat.__file__).parent
ROW = re.compile(r" {4}(\S+) +(.+)")

# What a student reads first, in this order, and how long that may be: an hour's reading.
READING_PATH = (
    "loop/reactor",
    "wire/framing",
    "net/connection",
    "net/send_queue",
    "server/session",
    "chat/chat",
    "chat/rooms",
    "chat/log",
)
READING_PATH_LINES = 1700

# A loop by hand: no other loop, no second thread.
BANNED = {"asyncio", "threading", "_thread", "concurrent", "multiprocessing", "socketserver"}
# What the pure half must not know. `importlib` could hide any of it.
IMPURE = {"socket", "select", "selectors", "time", "os", "signal", "io", "sys", "importlib"}
PURE = ("wire", "chat")

Table = dict[str, list[str]]


def read_table(heading: str) -> Table:
    """Return the rows of the table under `heading`: the first word, and the names after it."""
    _, _, text = (reactor_chat.__doc__ or "").partition(heading + "\n\n")
    text = re.sub(r",\n {5,}", ", ", text.partition("\n\n")[0])
    rows = [row for line in text.splitlines() if (row := ROW.fullmatch(line))]
    return {row[1]: re.findall(r"[\w.]+", row[2].removeprefix("imports")) for row in rows}


def parse_modules() -> dict[str, ast.Module]:
    """Parse every module, under its name within the package."""
    trees = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if not name.endswith("__init__"):
            trees[name] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


class WithoutTypes(ast.NodeTransformer):
    """Drops what is imported for type hints alone: it is never run."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        guard = node.test
        if isinstance(guard, ast.Name) and guard.id == "TYPE_CHECKING":
            return None
        return self.generic_visit(node)


def imported(tree: ast.Module) -> set[str]:
    """Return the full names of the modules that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(WithoutTypes().visit(tree)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


class ArchitectureTest(unittest.TestCase):
    folders = read_table("Who may import whom:")
    places = read_table("What is where:")
    modules = parse_modules()
    imports: ClassVar[dict[str, set[str]]] = {
        name: imported(tree) for name, tree in modules.items()
    }

    def own(self, name: str) -> set[str]:
        prefix = reactor_chat.__name__ + "."
        return {to.removeprefix(prefix) for to in self.imports[name] if to.startswith(prefix)}

    def foreign(self, name: str) -> set[str]:
        return {to.partition(".")[0] for to in self.imports[name]} - {reactor_chat.__name__}

    def test_the_table_lists_every_module_once(self) -> None:
        listed = [f"{folder}.{name}" for folder, names in self.places.items() for name in names]
        self.assertEqual(sorted([*listed, "__main__"]), sorted(self.modules))

    def test_a_folder_imports_only_from_those_named_beside_it(self) -> None:
        for name in self.modules:
            folder = name.partition(".")[0]
            for to in self.own(name):
                if to.partition(".")[0] != folder:
                    allowed = {to, to.partition(".")[0]} & set(self.folders[folder])
                    self.assertTrue(allowed, f"{name} imports {to}")

    def test_a_folder_imports_only_what_stands_above_it(self) -> None:
        above: set[str] = set()
        for folder, names in self.folders.items():
            self.assertLessEqual({name.partition(".")[0] for name in names}, above, folder)
            above.add(folder)

    def test_a_module_imports_only_what_stands_before_it_in_its_folder(self) -> None:
        for folder, names in self.places.items():
            for place, name in enumerate(names):
                later = {f"{folder}.{other}" for other in names[place:]}
                self.assertEqual(self.own(f"{folder}.{name}") & later, set(), f"{folder}.{name}")

    def test_the_pure_half_knows_nothing_of_the_world(self) -> None:
        for folder in PURE:
            for name in self.places[folder]:
                self.assertEqual(self.foreign(f"{folder}.{name}") & IMPURE, set(), name)

    def test_nothing_outside_of_the_standard_library_is_imported(self) -> None:
        for name in self.imports:
            self.assertLessEqual(self.foreign(name), sys.stdlib_module_names, name)

    def test_there_is_one_loop_and_one_thread(self) -> None:
        for name in self.imports:
            self.assertEqual(self.foreign(name) & BANNED, set(), name)

    def test_every_module_opens_with_its_plan(self) -> None:
        for name, tree in self.modules.items():
            self.assertTrue(ast.get_docstring(tree), name)

    def test_no_module_has_more_than_350_lines(self) -> None:
        for path in ROOT.rglob("*.py"):
            lines = path.read_text(encoding="utf-8").count("\n")
            self.assertLessEqual(lines, 350, path.name)

    def test_what_a_student_reads_first_is_short(self) -> None:
        lines = {
            name: (ROOT / f"{name}.py").read_text(encoding="utf-8").count("\n")
            for name in READING_PATH
        }
        self.assertLessEqual(sum(lines.values()), READING_PATH_LINES, lines)
        for name, count in lines.items():
            self.assertLessEqual(count, 300, name)


if __name__ == "__main__":
    unittest.main()
