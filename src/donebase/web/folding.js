// The search and the order of titles go by text without case and accents. The rules are those of the service
// (postgres/folding.py): a test compares both for every character.

/** Combining marks that leave a letter what it is, and characters that show nothing; U+0001 separates texts. */
const REMOVED = `0001
00AD 0300-036F 0483-0487 0591-05BD 05BF 05C1-05C2 05C4-05C5 05C7 0610-061A 061C 064B-065F 0670 06D6-06DC 06DF-06E4
06E7-06E8 06EA-06ED 0711 0730-074A 07EB-07F3 07FD 0816-0819 081B-0823 0825-0827 0829-082D 0859-085B 0898-089F
08CA-08E1 08E3-08FF 0951-0954 09FE 0F18-0F19 0F35 0F37 0F39 0F82-0F83 0F86-0F87 0FC6 108D 115F-1160 135D-135F
17B4-17B5 17DD 180B-180F 18A9 1939-193B 1A17-1A18 1A75-1A7C 1A7F 1AB0-1ABD 1ABF-1ACE 1B6B-1B73 1CD0-1CD2 1CD4-1CE0
1CE2-1CE8 1CED 1CF4 1CF8-1CF9 1DC0-1DFF 200B-200F 202A-202E 2060-206F 20D0-20DC 20E1 20E5-20F0 2CEF-2CF1 2DE0-2DFF
302A-302F A66F A674-A67D A69E-A69F A6F0-A6F1 A8E0-A8F1 A92B-A92D AAB0 AAB2-AAB4 AAB7-AAB8 AABE-AABF AAC1 FB1E
FE00-FE0F FE20-FE2F FEFF FFF0-FFF8 101FD 102E0 10376-1037A 10A0D 10A0F 10A38-10A3A 10AE5-10AE6 10D24-10D27
10EAB-10EAC 10F46-10F50 10F82-10F85 11100-11102 11366-1136C 11370-11374 1145E 16AF0-16AF4 16B30-16B36 1BC9E
1BCA0-1BCA3 1D165-1D169 1D16D-1D182 1D185-1D18B 1D1AA-1D1AD 1D242-1D244 1E000-1E006 1E008-1E018 1E01B-1E021
1E023-1E024 1E026-1E02A 1E130-1E136 1E2AE 1E2EC-1E2EF 1E8D0-1E8D6 1E944-1E949 E0000-E0FFF`;

/** Letters with a stroke, which people without such a key write without it; sigma has a second form. */
const BASES = new Map(
  "đd ħh łl øo ŧt ⱥa ƀb ȼc ɇe ꞙf ǥg ɨi ɉj ꝁk ᵽp ɍr ꞹu ɏy ƶz ςσ".split(" ").map((pair) => [pair[0], pair[1]]),
);

const removed = new RegExp(
  `[${REMOVED.replace(/\s/g, " ")
    .split(" ")
    .map((span) => span.replace(/\w+/g, "\\u{$&}"))
    .join("")}]`,
  "gu",
);
// Cherokee's capitals are older than its small letters: Unicode folds to them.
const replaced = new RegExp(`[${[...BASES.keys()].join("")}\u13f8-\u13fd\uab70-\uabbf]`, "g");
// eslint-disable-next-line no-control-regex
const ascii = /^[\0-\x7f]*$/;

/**
 * Return a text without case, accents and U+0001, as the service searches and sorts it.
 * @param {string} text
 */
export function fold(text) {
  if (ascii.test(text)) return text.replaceAll("\u0001", "").toLowerCase();
  const plain = text.normalize("NFKD").replace(removed, "").replaceAll("ẞ", "ß");
  // Two letters that have the same capital are the same: ı and i, ß and ss.
  return plain.toUpperCase().toLowerCase().replace(replaced, base);
}

/** @param {string} letter */
function base(letter) {
  return BASES.get(letter) ?? letter.toUpperCase();
}
