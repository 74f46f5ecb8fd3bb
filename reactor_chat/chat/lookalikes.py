"""What a name looks like: which letters and digits are drawn like those of ASCII.

Two names with the same *skeleton* look too much alike for both to be present, though their
letters differ. A skeleton is only compared, never shown.

Where the table comes from: `confusables.txt` of Unicode Technical Standard 39, version 17.0. It has
every letter, mark and digit there whose counterpart is one ASCII letter or digit and which NFKC
leaves as it is, and the dotless j; the small capitals follow from their names in Unicode.
Counterparts of several letters (`m` and `rn`) are left out: in a terminal they differ in width.
Accents count: `ø` is not `o`.

Invariants:
- A skeleton is stored once a name, so that looking for look-alikes is one dict access, not a scan.
- `i`, `l` and `1` are one, for `I` is drawn like `l`, and a name's case is free: otherwise `AL1CE`
  could speak beside `alice`. For the same reason `0` is `o`.

Not here: what a name may have in it (`names`), and who has which.
"""

import unicodedata
from typing import Final

# A letter of ASCII, and the code points that are drawn like it in either case, or like a digit that
# is drawn like it. Unassigned ones (for an older Python) do no harm: nothing grants them.
_TABLE: Final = """
2 01A7 03E8 14BF A644 A75A
3 01B7 021C 0417 04E0 0969 0AE9 2C9C 2CC4 2CCC A76A A7AB 118CA 16F3B
4 13CE 118AF
5 01BC 118BB
6 03EC 0431 13EE 2CD2 2CD3 2CDC 118D5
7 104D2 118C6
8 0222 0223 09EA 0A6A 0B03 1031A
9 09ED 0A67 0B68 0D6D 2CCA 2CCB A76E 118AC 118CC 118D6
a 0251 0391 03B1 0410 0430 13AA 15C5 A4EE 102A0 16F40
b 0184 0392 0412 042C 13CF 13F4 1472 15AF 15F7 2C82 A4D0 A7B4 10282 102A1 10301
c 0421 0441 1004 105A 13DF 2CA4 2CA5 A4DA ABAF 102A2 10302 10415 1043D 1051C 118E9
d 0501 13A0 13E7 146F 15DE 15EA A4D2 A4D3
e 0395 0415 0435 04BD 13AC 2D39 A4F0 AB32 10286 118A6 118AE
f 0192 03DC 0584 15B4 1E9D A4DD A798 A799 AB35 10287 102A5 10525 118A2 118C2
g 018D 0261 050C 0581 13C0 13F3 1D83 A4D6
h 0397 041D 04BB 0570 13BB 13C2 157C 2C8E A4E7 102CF
j 0237 037F 03F3 0408 0458 13AB 148D A4D9 A7B2
k 039A 041A 13E6 16D5 2C94 A4D7 10518
l 0031 0049 0069 0131 0196 0269 0399 03B9 0406 0456 04C0 04CF 0582 05D5 05DF 0627 0661 06F1 07CA
l 13A5 13DE 14AA 16C1 2C92 2C93 2CD0 2D4F A4E1 A4F2 A647 AB75 1028A 10309 1041B 10526 118A3
l 118B2 118C3 16F16 16F28
m 039C 03FA 041C 13B7 15F0 16D6 2C98 A4DF 102B0 10311
n 039D 0578 057C 2C9A A4E0 10513
o 0030 039F 03BF 03C3 03ED 041E 043E 0555 0585 05E1 0647 0665 06BE 06C1 06D5 06F5 07C0 0966 09E6
o 0A66 0AE6 0B20 0B66 0BE6 0C02 0C66 0C82 0CE6 0D02 0D20 0D66 0D82 0E50 0ED0 101D 1040 10FF 12D0
o 17E0 1D11 2C9E 2C9F 2D54 A4F3 AB3D 10292 102AB 10404 1042C 104C2 104EA 10516 114D0 118B5 118C8
o 118D7 118E0
p 00FE 01BF 03A1 03C1 03F8 0420 0440 13E2 146D 2CA2 2CA3 2CCE 2CCF A4D1 10295
q 051B 0563 0566 2D55
r 01A6 0433 13A1 13D2 1587 1D26 2C85 A4E3 AB47 AB48 AB81 104B4 16F35
s 01BD 0405 0455 054F 0D1F 13D5 13DA A4E2 ABAA 10296 10420 10448 118C1 16F3A
t 03A4 0422 13A2 2CA6 A4D4 10297 102B1 10315 118BC 16F0A
u 028B 03C5 054D 057D 1200 144C A4F4 A79F AB4E AB52 104CE 104F6 118B8 118D8 16F42
v 03BD 0474 0475 05D8 0667 06F7 13D9 142F 2D38 A4E6 A6DF ABA9 1051D 11706 118A0 118C0 16F08
w 026F 0448 0461 051C 051D 0561 13B3 13D4 2CBD A4EA AB83 1170A 1170E 1170F 118E6
x 03A7 0425 0445 1541 157D 16B7 2CAC 2D5D A4EB A7B3 10290 102B4 10317 10527
y 0263 03A5 03B3 0423 0443 04AE 04AF 10E7 13A9 13BD 1D8C 1EFF 2CA8 2CA9 A4EC AB5A 102B2 118A4
y 118DC 16F43
z 0396 13C3 A4DC AB93 118A9 118C4 118E5
"""


def _small_capital(letter: str) -> str:
    """Return the small capital of a letter, or "" if there is none (as of X)."""
    try:
        return unicodedata.lookup(f"LATIN LETTER SMALL CAPITAL {letter.upper()}")
    except KeyError:
        return ""


def _read_table() -> dict[int, str]:
    """Return what `str.translate` needs to put look-alikes into one form."""
    rows = [row.split() for row in _TABLE.split("\n") if row]
    found = {int(code, 16): target for target, *codes in rows for code in codes}
    for letter in "abcdefghijklmnopqrstuvwxyz":
        if small := _small_capital(letter):
            found[ord(small)] = found.get(ord(letter), letter)
    return found


_ALIKE: Final = _read_table()


def skeleton(name: str) -> str:
    """Return what `name` looks like; names whose skeletons are equal look too much alike."""
    # Once as it stands, and once as its small letters: capitals have look-alikes of their own.
    alike = unicodedata.normalize("NFD", name).translate(_ALIKE).casefold().translate(_ALIKE)
    # `i` and `j` lose their dot to the dot that is put on them: nobody sees the difference.
    return alike.replace("l\u0307", "l").replace("j\u0307", "j")
