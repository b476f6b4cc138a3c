/** Text that may stand in HTML or SVG as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | null | undefined | false | readonly Part[];

/** HTML or SVG: whatever is put in is text, and cannot become a tag; nothing for `null`, `undefined` and `false`. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((text, at) => text + written(parts[at])).join(""));
}

function written(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "object") return part.map(written).join("");
  return escaped(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Control characters have no place in either; a terminal's colours are among them. */
function escaped(text: string): string {
  return text
    .replaceAll(/\u001B\[[0-9;]*[A-Za-z]/g, "")
    .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g, "\uFFFD")
    .replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter] ?? "");
}
