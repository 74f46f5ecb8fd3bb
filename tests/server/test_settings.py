"""One table decides what the server can be told, on the command line and in a file."""

import argparse
import re
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from reactor_chat.server.configuration import OptionError, add_options, read_options
from reactor_chat.server.settings import OPTIONS, Option, Options, Settings
from reactor_chat.server.values import Door, parse_host, parse_size

README = Path(__file__).parents[2] / "README.md"
MIB = 1024 * 1024


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise OptionError(message)


def read(*arguments: str) -> Options:
    """Read a command line."""
    parser = _Parser(allow_abbrev=False)
    add_options(parser)
    return read_options(vars(parser.parse_args(arguments)))


# What stands as code in the README: variables, options, URLs, and what is typed as it is.
_CODE = re.compile(r"(\$\w+|--[\w-]+\w|chats?://[A-Z:]+|HOST:PORT|PORT\.db|~/[\w./]+|\*(?=:))")


def readme_row(option: Option) -> str:
    """Return the row of the README's table for an option."""
    usage = f"--{option.name} {option.metavar}".rstrip()
    text = _CODE.sub(r"`\1`", option.text)
    default = f" (`{option.default}`)" if option.default else ""
    reload = "at once" if option.reloads else "–" if not option.in_file else "restart"
    return f"| `{usage}` | {text}{default} | {reload} |"


class CommandLineTest(unittest.TestCase):
    def test_without_any_option_the_defaults_hold(self) -> None:
        options = read()
        self.assertEqual(options.doors, (Door("localhost", 56040),))
        self.assertEqual(options.settings(500), Settings(max_clients=500))

    def test_host_and_port_make_one_door(self) -> None:
        self.assertEqual(read("--host", "::1", "--port", "0").doors, (Door("::1", 0),))

    def test_the_host_may_name_the_port(self) -> None:
        self.assertEqual(read("--host", "[::1]:7000").doors, (Door("::1", 7000),))
        self.assertEqual(read("--host", "a.b:7000", "--port", "7000").doors, (Door("a.b", 7000),))
        with self.assertRaisesRegex(OptionError, "different ports"):
            read("--host", "a.b:7000", "--port", "7001")

    def test_each_listen_is_a_door(self) -> None:
        doors = read("--listen", "chat://localhost:1", "--listen", "chat://*").doors
        self.assertEqual(doors, (Door("localhost", 1), Door("*", 56040)))

    def test_listen_stands_in_place_of_host_and_port(self) -> None:
        for other in (("--port", "1"), ("--host", "a")):
            with self.assertRaisesRegex(OptionError, "in place of"):
                read("--listen", "chat://localhost:1", *other)

    def test_a_door_with_tls_needs_a_certificate_and_its_key(self) -> None:
        url = "chats://[::1]:7000"
        with self.assertRaisesRegex(OptionError, "needs a certificate"):
            read("--listen", url)
        for given in (("--cert", "c"), ("--key", "k")):
            with self.assertRaisesRegex(OptionError, "go together"):
                read("--listen", url, *given)
        options = read("--listen", url, "--cert", "c", "--key", "k")
        self.assertEqual(options.doors, (Door("::1", 7000, tls=True),))
        self.assertEqual(str(options.doors[0]), url)

    def test_what_makes_no_sense_is_refused_with_one_line(self) -> None:
        for arguments in (
            ["--listen", "http://localhost"],
            ["--listen", "chat://"],
            ["--listen", "chat://a:b"],
            ["--port", "65536"],
            ["--port", "-1"],
            ["--port", "١"],
            ["--host", ""],
            ["--host", "[]"],
            ["--host", ":1"],
            ["--rate", "nan"],
            ["--rate", "inf"],
            ["--max-clients", "0"],
            ["--memory", "0"],
            ["--memory", "64X"],
            ["--memory", "M"],
            ["--memory", "9" * 5000],
            ["--port", "0" * 5000],
            ["--max-clients", "9" * 5000],
            ["--log-format", "xml"],
            ["--cert", ""],
            ["--keep-days", "1.5"],
        ):
            with self.subTest(arguments), self.assertRaisesRegex(OptionError, r"\A.+\Z"):
                read(*arguments)

    def test_a_flag_can_be_taken_back(self) -> None:
        self.assertTrue(read("--quiet").quiet)
        self.assertFalse(read("--quiet", "--no-quiet").quiet)

    def test_sizes_have_units(self) -> None:
        sizes = {"65536": 65536, "64k": 65536, "64M": 64 * MIB, "1G": 1024 * MIB}
        for text, size in sizes.items():
            self.assertEqual(parse_size(text), size)

    def test_addresses_of_ipv6_have_colons_of_their_own(self) -> None:
        for text, meant in {
            "::1": ("::1", None),
            "[::1]": ("::1", None),
            "[::1]:1": ("::1", 1),
            "localhost": ("localhost", None),
            "localhost:1": ("localhost", 1),
            "*:1": ("*", 1),
        }.items():
            self.assertEqual(parse_host(text), meant)

    def test_one_address_may_take_half_of_the_places(self) -> None:
        self.assertEqual(read("--max-clients", "9").settings(500).host_share, 4)
        self.assertEqual(read("--max-clients", "1").settings(500).host_share, 1)
        self.assertEqual(read("--max-per-host", "0").settings(500).host_share, 0)
        self.assertEqual(read("--max-per-host", "3").settings(500).host_share, 3)


class FileTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "chat.toml")

    def read(self, content: str, *arguments: str) -> Options:
        self.path.write_text(content, encoding="utf-8")
        return read("--config", str(self.path), *arguments)

    def refusal(self, content: str) -> str:
        with self.assertRaises(OptionError) as caught:
            self.read(content)
        message = str(caught.exception)
        self.assertNotIn("\n", message)
        self.assertTrue(message.startswith(f"{self.path}: "), message)
        return message.removeprefix(f"{self.path}: ")

    def test_a_byte_that_is_not_utf8_is_told_with_its_line(self) -> None:
        self.path.write_bytes(b'rate = 1\nhost = "caf\xe9"\n')
        with self.assertRaises(OptionError) as caught:
            read("--config", str(self.path))
        self.assertEqual(str(caught.exception), f"{self.path}: line 2 is not UTF-8.")

    def test_the_keys_are_the_names_of_the_options(self) -> None:
        options = self.read(
            'listen = ["chat://localhost:1", "chat://[::1]:2"]\n'
            'max-per-host = 5\nrate = 2.5\nlog-rate = 7\nmemory = "64M"\nmax-backlog = 65536\n'
            'quiet = true\nlog-format = "json"\ndata = "none"\n'
        )
        self.assertEqual(options.doors, (Door("localhost", 1), Door("::1", 2)))
        self.assertEqual((options.max_per_host, options.rate, options.log_rate), (5, 2.5, 7))
        self.assertEqual((options.memory, options.max_backlog), (64 * MIB, 65536))
        self.assertEqual((options.quiet, options.log_format, options.data), (True, "json", "none"))

    def test_the_command_line_wins(self) -> None:
        content = "rate = 1\nmax-clients = 5\nquiet = true\n"
        options = self.read(content, "--rate", "2", "--no-quiet")
        self.assertEqual((options.rate, options.max_clients, options.quiet), (2, 5, False))

    def test_the_command_lines_doors_win(self) -> None:
        door = Door("localhost", 9)
        self.assertEqual(self.read('listen = ["chat://a"]', "--port", "9").doors, (door,))
        listen = ("--listen", "chat://localhost:9")
        self.assertEqual(self.read('host = "a"\nport = 1', *listen).doors, (door,))
        self.assertEqual(self.read('host = "localhost"', "--port", "9").doors, (door,))
        self.assertEqual(self.read('host = "localhost:1"', "--port", "9").doors, (door,))
        self.assertEqual(self.read("port = 1", "--host", "localhost:9").doors, (door,))

    def test_every_option_but_two_is_a_key(self) -> None:
        self.assertEqual([one.name for one in OPTIONS if not one.in_file], ["config", "check"])

    def test_an_unknown_key_is_named(self) -> None:
        self.assertEqual(self.refusal("max_clients = 5"), "there is no option max_clients.")
        self.assertEqual(self.refusal("[server]\nrate = 5"), "there is no option server.")
        self.assertEqual(self.refusal('config = "x"'), "there is no option config.")

    def test_a_wrong_type_is_named(self) -> None:
        for content, wanted in {
            "max-clients = true": "max-clients has to be a whole number.",
            'max-clients = "5"': "max-clients has to be a whole number.",
            "keep-days = 1.5": "keep-days has to be a whole number.",
            'rate = "5"': "rate has to be a number.",
            "memory = 1.5": "memory has to be a size.",
            "quiet = 1": "quiet has to be true or false.",
            'listen = "chat://a"': "listen has to be a list of URLs.",
            "listen = []": "listen has to be a list of URLs.",
            "listen = [1]": "listen has to be a list of URLs.",
            "host = 1": "host has to be a text.",
            "port = 65536": "port: 65536 is not a port.",
            'listen = ["x"]': "listen: x is not of the form chat://HOST:PORT or chats://HOST:PORT.",
        }.items():
            self.assertEqual(self.refusal(content), wanted)

    def test_a_file_that_cannot_be_read_costs_one_line(self) -> None:
        self.assertIn("line 1", self.refusal("rate = = 5"))
        self.path.write_bytes(b"\xff")
        with self.assertRaisesRegex(OptionError, "line 1 is not UTF-8"):
            read("--config", str(self.path))
        self.path.unlink()
        with self.assertRaisesRegex(OptionError, "No such file"):
            read("--config", str(self.path))


class ReloadTest(unittest.TestCase):
    def test_what_changes_at_once_is_told_from_what_only_a_restart_changes(self) -> None:
        before = read("--port", "1", "--rate", "5")
        after = read("--port", "1", "--rate", "6", "--quiet")
        self.assertEqual(before.changes(after, at_once=False), [])
        self.assertEqual(before.changes(after, at_once=True), ["quiet", "rate"])
        elsewhere = read("--host", "a", "--data", "none", "--rate", "5")
        self.assertEqual(before.changes(elsewhere, at_once=False), ["listen", "data"])
        self.assertEqual(before.changes(elsewhere, at_once=True), [])


class DocumentationTest(unittest.TestCase):
    def test_help_tells_every_option_and_its_default(self) -> None:
        parser = argparse.ArgumentParser()
        add_options(parser)
        shown = re.sub(r"\s+", " ", parser.format_help())
        for option in OPTIONS:
            self.assertIn(f"--{option.name}", shown)
            default = f" ({option.default})" if option.default else ""
            self.assertIn(option.text + default, shown)

    def test_the_readme_has_a_row_for_each_option_in_their_order(self) -> None:
        table = "\n".join(readme_row(option) for option in OPTIONS)
        self.assertIn(table, README.read_text(encoding="utf-8"), f"README.md needs:\n{table}\n")

    def test_the_readmes_file_is_one_that_the_server_takes(self) -> None:
        _, _, rest = README.read_text(encoding="utf-8").partition("```toml\n")
        with TemporaryDirectory() as folder:
            path = Path(folder, "chat.toml")
            path.write_text(rest.partition("```")[0], encoding="utf-8")
            options = read("--config", str(path))
        self.assertIn(Door("*", 56041, tls=True), options.doors)

    def test_the_defaults_of_the_settings_are_those_of_the_table(self) -> None:
        self.assertEqual(read().settings(Settings.max_clients), Settings())
