"""Web addresses become links, and nothing else does."""

import re
import unittest

from hypothesis import given
from hypothesis import strategies as st

from reactor_chat.tty.links import Links, split, target_of

LINK = re.compile(r"\x1b\]8;id=(\d+);([!-~]*)\x1b\\([^\x1b]*)\x1b\]8;;\x1b\\")


def links_in(text: str) -> list[tuple[str, str]]:
    """Return the target and the text of each link that is made."""
    return [(target, shown) for _, target, shown in LINK.findall(Links().mark(text))]


class LinksTest(unittest.TestCase):
    def test_an_address_opens_itself(self) -> None:
        for address in (
            "http://example.org", "https://example.org/a?b=c&d;e#f", "HTTPS://EXAMPLE.ORG/",
            "http://localhost:8080/x", "http://[::1]:80/", "https://a.b/~c_(d)",
        ):  # fmt: skip
            with self.subTest(address):
                self.assertEqual(links_in(address), [(address, address)])

    def test_punctuation_of_the_sentence_is_no_part_of_it(self) -> None:
        for text in (
            "see http://a.org/b.", "http://a.org/b?!", "(http://a.org/b)", "<http://a.org/b>",
            '"http://a.org/b"', "[x](http://a.org/b).", "http://a.org/b，那里", "*http://a.org/b*",
        ):  # fmt: skip
            with self.subTest(text):
                self.assertEqual(links_in(text), [("http://a.org/b", "http://a.org/b")])

    def test_other_letters_in_a_path_are_percent_encoded(self) -> None:
        self.assertEqual(
            links_in("https://de.wikipedia.org/wiki/Straße"),
            [("https://de.wikipedia.org/wiki/Stra%C3%9Fe", "https://de.wikipedia.org/wiki/Straße")],
        )

    def test_a_host_of_other_letters_is_no_link(self) -> None:
        self.assertEqual(links_in("http://ex\u0430mple.org/ http://bücher.de"), [])

    def test_other_schemes_and_parts_of_words_are_text(self) -> None:
        for text in ("file:///etc/passwd", "javascript:x", "xhttp://a.org", "http://", "http:///x"):
            with self.subTest(text):
                self.assertEqual(Links().mark(text), text)

    def test_what_is_too_long_is_text(self) -> None:
        self.assertEqual(links_in("http://a.org/" + "x" * 2000), [])

    def test_each_link_has_its_own_id(self) -> None:
        links = Links()
        marked = links.mark("http://a.org http://a.org") + links.mark("http://a.org")
        self.assertEqual([number for number, _, _ in LINK.findall(marked)], ["1", "2", "3"])

    @given(st.lists(st.sampled_from(["http://", "https://a.b", "/", "x", "é", " ", ".", ")", "("])))
    def test_the_text_stays_as_it_is_and_targets_are_plain(self, parts: list[str]) -> None:
        text = "".join(parts)
        self.assertEqual("".join(split(text)), text)
        marked = Links().mark(text)
        self.assertEqual(LINK.sub(lambda link: link[3], marked), text)
        for _, target, shown in LINK.findall(marked):
            self.assertRegex(target, r"\Ahttps?://[!-~]+\Z")
            self.assertEqual(target, target_of(shown))


if __name__ == "__main__":
    unittest.main()
