/** Bytes the grammar of RFC 9112 names. */
export const CR = 0x0d;
export const LF = 0x0a;
export const SP = 0x20;
export const HTAB = 0x09;
export const COLON = 0x3a;

function table(accepts: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (accepts(byte) ? 1 : 0));
}

const TOKEN_MARKS = "!#$%&'*+-.^_`|~";

/** tchar of RFC 9110 section 5.6.2. */
export const TOKEN = table((byte) => {
  const character = String.fromCharCode(byte);
  return byte < 0x80 && (/[0-9A-Za-z]/.test(character) || TOKEN_MARKS.includes(character));
});

/** What a field value may hold (RFC 9110 section 5.5): HTAB, SP, VCHAR, obs-text. */
export const VALUE = table((byte) => byte === HTAB || (byte >= SP && byte !== 0x7f));

/** What a request target may hold: visible ASCII without "#", which starts a fragment and is never sent. */
export const TARGET = table((byte) => byte > SP && byte < 0x7f && byte !== 0x23);

/** Value of a hexadecimal digit, 255 for any other byte. */
export const HEX = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? 255 : digit;
});

export function isSpace(byte: number | undefined): boolean {
  return byte === SP || byte === HTAB;
}

/**
 * The index of the first byte from `start` on that no field value has, or `end`. `view` is on the same bytes: four at a time pass
 * while none of them is below SP or is DEL, and the first that is one of these is found without looking at each.
 */
export function valueEnd(buffer: Uint8Array, view: DataView, start: number, end: number): number {
  let at = start;
  while (at + 4 <= end) {
    const word = view.getInt32(at, true);
    const del = word ^ 0x7f7f7f7f;
    const marks = (((word - 0x20202020) & ~word) | ((del - 0x01010101) & ~del)) & 0x80808080;
    if (marks === 0) {
      at += 4;
      continue;
    }
    // The lowest mark is exact; one above it may come of the borrow.
    at += (31 - Math.clz32(marks & -marks)) >> 3;
    if (buffer[at] !== HTAB) return at;
    at++;
  }
  while (at < end && VALUE[buffer[at] as number] === 1) at++;
  return at;
}
