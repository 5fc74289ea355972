"""The characters that folding removes and replaces after compatibility decomposition (NFKD), as in Unicode 14.

A test compares them with Python's database of Unicode. A change is a migration that writes `tasks.search` again.
"""

from collections.abc import Iterable

# Accents: combining marks of the classes 1, 10 to 36 and from 200. The other classes make another letter of a letter:
# voicing marks of kana, nuktas, viramas, vowels and tones of South Asian scripts. And what shows nothing: joiners,
# directions, fillers, variation selectors.
_REMOVED = """
00AD 0300-036F 0483-0487 0591-05BD 05BF 05C1-05C2 05C4-05C5 05C7 0610-061A 061C 064B-065F 0670 06D6-06DC 06DF-06E4
06E7-06E8 06EA-06ED 0711 0730-074A 07EB-07F3 07FD 0816-0819 081B-0823 0825-0827 0829-082D 0859-085B 0898-089F
08CA-08E1 08E3-08FF 0951-0954 09FE 0F18-0F19 0F35 0F37 0F39 0F82-0F83 0F86-0F87 0FC6 108D 115F-1160 135D-135F
17B4-17B5 17DD 180B-180F 18A9 1939-193B 1A17-1A18 1A75-1A7C 1A7F 1AB0-1ABD 1ABF-1ACE 1B6B-1B73 1CD0-1CD2 1CD4-1CE0
1CE2-1CE8 1CED 1CF4 1CF8-1CF9 1DC0-1DFF 200B-200F 202A-202E 2060-206F 20D0-20DC 20E1 20E5-20F0 2CEF-2CF1 2DE0-2DFF
302A-302F A66F A674-A67D A69E-A69F A6F0-A6F1 A8E0-A8F1 A92B-A92D AAB0 AAB2-AAB4 AAB7-AAB8 AABE-AABF AAC1 FB1E
FE00-FE0F FE20-FE2F FEFF FFF0-FFF8 101FD 102E0 10376-1037A 10A0D 10A0F 10A38-10A3A 10AE5-10AE6 10D24-10D27
10EAB-10EAC 10F46-10F50 10F82-10F85 11100-11102 11366-1136C 11370-11374 1145E 16AF0-16AF4 16B30-16B36 1BC9E
1BCA0-1BCA3 1D165-1D169 1D16D-1D182 1D185-1D18B 1D1AA-1D1AD 1D242-1D244 1E000-1E006 1E008-1E018 1E01B-1E021
1E023-1E024 1E026-1E02A 1E130-1E136 1E2AE 1E2EC-1E2EF 1E8D0-1E8D6 1E944-1E949 E0000-E0FFF
"""

# Letters that other languages write with a stroke, and the dotless i, whose capital is that of i.
_COMMON_STROKES = {"d": "Đđ", "h": "Ħħ", "i": "ı", "l": "Łł", "o": "Øø", "t": "Ŧŧ"}
_RARE_STROKES = {
    **{"a": "Ⱥⱥ", "b": "ƀɃ", "c": "Ȼȼ", "e": "Ɇɇ", "f": "Ꞙꞙ", "g": "Ǥǥ", "i": "Ɨɨ"},
    **{"j": "Ɉɉ", "k": "Ꝁꝁ", "p": "ᵽⱣ", "r": "Ɍɍ", "u": "Ꞹꞹ", "y": "Ɏɏ", "z": "Ƶƶ"},
}

# Capitals and variants, with the small letter of the first; `/2` is every second one. Common are those of languages
# with many speakers. ß, which becomes two letters, is in the SQL.
_COMMON_CAPITALS = """
00C6=00E6 00D0=00F0 00DE=00FE 014A=014B 0152=0153 0391-03A1=03B1 03A3-03A9=03C3 03C2=03C3 0402-0404/2=0452
0405-0406=0455 0408-040B=0458 040F=045F 0410-0418=0430 041A-042F=043A
"""
_RARE_CAPITALS = """
0181=0253 0182-0184/2=0183 0186=0254 0187=0188 0189-018A=0256 018B=018C 018E=01DD 018F=0259 0190=025B 0191=0192
0193=0260 0194=0263 0196=0269 0198=0199 019C=026F 019D=0272 019F=0275 01A2-01A4/2=01A3 01A6=0280 01A7=01A8 01A9=0283
01AC=01AD 01AE=0288 01B1-01B2=028A 01B3=01B4 01B7=0292 01B8=01B9 01BC=01BD 01F6=0195 01F7=01BF 021C=021D 0220=019E
0222-0224/2=0223 023D=019A 023E=2C66 0241=0242 0244=0289 0245=028C 024A=024B 0370-0372/2=0371 0376=0377 037F=03F3
03CF=03D7 03D8-03EE/2=03D9 03F7=03F8 03FA=03FB 03FD-03FF=037B 0460-0474/2=0461 0478-0480/2=0479 048A-04BE/2=048B
04C0=04CF 04C3-04CD/2=04C4 04D4=04D5 04D8=04D9 04E0=04E1 04E8=04E9 04F6=04F7 04FA-052E/2=04FB 0531-0556=0561
10A0-10C5=2D00 10C7=2D27 10CD=2D2D 13F8-13FD=13F0 1C80=0432 1C81=0434 1C82=043E 1C83-1C84=0441 1C85=0442 1C86=044A
1C87=0463 1C88=A64B 1C90-1CBA=10D0 1CBD-1CBF=10FD 1EFA-1EFE/2=1EFB 2132=214E 2183=2184 2C00-2C2F=2C30 2C60=2C61
2C62=026B 2C64=027D 2C67-2C6B/2=2C68 2C6D=0251 2C6E=0271 2C6F=0250 2C70=0252 2C72=2C73 2C75=2C76 2C7E-2C7F=023F
2C80-2CE2/2=2C81 2CEB-2CED/2=2CEC 2CF2=2CF3 A640-A66C/2=A641 A680-A69A/2=A681 A722-A72E/2=A723 A732-A73E/2=A733
A742-A76E/2=A743 A779-A77B/2=A77A A77D=1D79 A77E-A786/2=A77F A78B=A78C A78D=0265 A790-A792/2=A791 A796=A797
A79A-A7A8/2=A79B A7AA=0266 A7AB=025C A7AC=0261 A7AD=026C A7AE=026A A7B0=029E A7B1=0287 A7B2=029D A7B3=AB53
A7B4-A7B6/2=A7B5 A7BA-A7C2/2=A7BB A7C4=A794 A7C5=0282 A7C6=1D8E A7C7-A7C9/2=A7C8 A7D0=A7D1 A7D6-A7D8/2=A7D7
A7F5=A7F6 AB70-ABBF=13A0 10400-10427=10428 104B0-104D3=104D8 10570-1057A=10597 1057C-1058A=105A3 1058C-10592=105B3
10594-10595=105BB 10C80-10CB2=10CC0 118A0-118BF=118C0 16E40-16E5F=16E60 1E900-1E921=1E922
"""


def removed() -> str:
    """Return a regular expression for one of the characters that folding removes, apart from U+0001."""
    return any_of(chr(code) for span in _REMOVED.split() for code in _codes(span))


def common() -> tuple[str, str]:
    """Return the common characters that are replaced, and for each of them its replacement."""
    return _replaced(_COMMON_STROKES, _COMMON_CAPITALS)


def rare() -> tuple[str, str]:
    """Return the rare characters that are replaced, and for each of them its replacement."""
    return _replaced(_RARE_STROKES, _RARE_CAPITALS)


def any_of(characters: Iterable[str]) -> str:
    """Return a regular expression of PostgreSQL for one of these characters."""
    spans: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if spans and code == spans[-1][1] + 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    ends = (rf"\U{first:08x}-\U{last:08x}" if first < last else rf"\U{first:08x}" for first, last in spans)
    return f"[{''.join(ends)}]"


def _replaced(strokes: dict[str, str], capitals: str) -> tuple[str, str]:
    pairs = [(letter, base) for base, letters in strokes.items() for letter in letters]
    for span in capitals.split():
        codes, _, small = span.partition("=")
        several = _codes(codes)
        pairs += [(chr(code), chr(code - several[0] + int(small, 16))) for code in several]
    return "".join(letter for letter, _ in pairs), "".join(base for _, base in pairs)


def _codes(span: str) -> range:
    ends, _, step = span.partition("/")
    first, _, last = ends.partition("-")
    return range(int(first, 16), int(last or first, 16) + 1, int(step or 1))
