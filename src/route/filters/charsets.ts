/** A character set of one byte per character. */
export interface Charset {
  /** The text's bytes, one character each; undefined when a character is not in the set. */
  encode(text: string): string | undefined;
}

const LABELS: Readonly<Record<string, string>> = {
  ISO8859_1: "latin1",
  ISO8859_2: "iso-8859-2",
  ISO8859_3: "iso-8859-3",
  ISO8859_4: "iso-8859-4",
  ISO8859_5: "iso-8859-5",
  ISO8859_6: "iso-8859-6",
  ISO8859_7: "iso-8859-7",
  ISO8859_8: "iso-8859-8",
  ISO8859_9: "windows-1254",
  ISO8859_10: "iso-8859-10",
  ISO8859_13: "iso-8859-13",
  ISO8859_14: "iso-8859-14",
  ISO8859_15: "iso-8859-15",
  ISO8859_16: "iso-8859-16",
  KOI8R: "koi8-r",
  KOI8U: "koi8-u",
  Macintosh: "macintosh",
  MacintoshCyrillic: "x-mac-cyrillic",
  Windows1250: "windows-1250",
  Windows1251: "windows-1251",
  Windows1252: "windows-1252",
  Windows1253: "windows-1253",
  Windows1254: "windows-1254",
  Windows1255: "windows-1255",
  Windows1256: "windows-1256",
  Windows1257: "windows-1257",
  Windows1258: "windows-1258",
  Windows874: "windows-874",
};

/** The names that {@link findCharset} knows, those of the Go package golang.org/x/text/encoding/charmap. */
export const charsetNames: readonly string[] = Object.keys(LABELS);

const made = new Map<string, Charset>();

/** The character set of this name, or undefined. */
export function findCharset(name: string): Charset | undefined {
  if (!Object.hasOwn(LABELS, name)) return undefined;
  const charset = made.get(name) ?? makeCharset(name, LABELS[name] as string);
  made.set(name, charset);
  return charset;
}

function makeCharset(name: string, label: string): Charset {
  const decoder = new TextDecoder(label, { fatal: false });
  const isIso = name.startsWith("ISO");
  const bytes = new Map<string, string>();
  for (let code = 0; code < 256; code++) {
    const byte = String.fromCharCode(code);
    // The Web takes ISO 8859-1 and 8859-9 for the Windows sets that have more in 80 to 9F.
    const character = isIso && code < 0xa0 ? byte : decoder.decode(Uint8Array.of(code));
    if (character !== "\ufffd") bytes.set(character, byte);
  }
  if (name === "ISO8859_1") for (let code = 0xa0; code < 256; code++) bytes.set(String.fromCharCode(code), String.fromCharCode(code));
  return {
    encode(text) {
      let result = "";
      for (const character of text) {
        const byte = bytes.get(character);
        if (byte === undefined) return undefined;
        result += byte;
      }
      return result;
    },
  };
}
