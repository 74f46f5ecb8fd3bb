"""Imports are those of the table in the package's docstring, run one way, and stay in the library.

In the table, a line that is indented by four is an entry (`module imports a, b`, or `module -`),
one that is indented further continues it, and one that is not indented is a heading.
"""

import ast
import re
import sys
import unittest
from pathlib import Path
from typing import ClassVar

import reactor_chat

ROOT = Path(reactor_chat.__file__).parent
ENTRY = re.compile(r" {4}(\S+) +(?:-|imports (.+))")

# A loop by hand: no other loop, no second thread.
BANNED = {"asyncio", "threading", "_thread", "concurrent", "multiprocessing", "socketserver"}
# What the pure half must not know. `importlib` could hide any of it.
IMPURE = {"socket", "select", "selectors", "time", "os", "signal", "io", "sys", "importlib"}

Table = dict[str, set[str]]


def read_table() -> dict[str, Table]:
    """Read the table: for each heading, its modules and what each may import."""
    _, _, text = (reactor_chat.__doc__ or "").partition("Who may import whom:")
    heading, found = "", dict[str, Table]()
    text = re.sub(r"\n {5,}", " ", text)
    for line in filter(None, text.splitlines()):
        if entry := ENTRY.fullmatch(line):
            names = entry[2].replace(" ", "").split(",") if entry[2] else []
            found[heading][entry[1]] = set(names)
        else:
            heading = line
            found[heading] = {}
    return found


def parse_modules() -> dict[str, ast.Module]:
    """Parse every module with something in it, under its name within the package."""
    trees = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if not name.endswith("__init__"):
            trees[name] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


def imported(tree: ast.Module) -> set[str]:
    """Give the full names of the modules that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


class ArchitectureTest(unittest.TestCase):
    groups = read_table()
    table: ClassVar[Table] = {name: to for group in groups.values() for name, to in group.items()}
    modules = parse_modules()
    imports: ClassVar[Table] = {name: imported(tree) for name, tree in modules.items()}

    def own(self, name: str) -> set[str]:
        prefix = reactor_chat.__name__ + "."
        return {to.removeprefix(prefix) for to in self.imports[name] if to.startswith(prefix)}

    def foreign(self, name: str) -> set[str]:
        return {to.partition(".")[0] for to in self.imports[name]} - {reactor_chat.__name__}

    def group(self, word: str) -> Table:
        (found,) = (group for heading, group in self.groups.items() if word in heading)
        return found

    def test_the_table_lists_every_module_once(self) -> None:
        self.assertEqual(sorted(self.table), sorted(self.imports))
        self.assertEqual(len(self.table), sum(map(len, self.groups.values())))

    def test_each_module_imports_what_the_table_says(self) -> None:
        for name in self.imports:
            with self.subTest(name):
                self.assertEqual(self.own(name), self.table[name])

    def test_a_module_imports_only_what_stands_above_it(self) -> None:
        above: set[str] = set()
        for name, names in self.table.items():
            self.assertLessEqual(names, above, name)
            above.add(name)

    def test_the_pure_half_knows_only_itself_and_nothing_of_the_world(self) -> None:
        pure = self.group("pure half")
        self.assertIn("chat", pure)
        for name, names in pure.items():
            self.assertLessEqual(names, set(pure), name)
            self.assertEqual(self.foreign(name) & IMPURE, set(), name)

    def test_the_server_and_the_client_do_not_know_each_other(self) -> None:
        server, client = self.group("server"), self.group("client")
        for name in server:
            self.assertEqual(self.table[name] & set(client), set(), name)
        for name in client:
            self.assertEqual(self.table[name] & set(server), set(), name)

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


if __name__ == "__main__":
    unittest.main()
