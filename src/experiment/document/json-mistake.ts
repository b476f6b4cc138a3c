const TOKEN =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001F]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;

/** Where in a text that is no JSON the first mistake is, from 1. V8's messages name it only for some mistakes. */
export function placeOfMistake(text: string): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offsetOfMistake(text)).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** What may stand next. `first-*` are after an opening bracket, where the closing one may stand as well. */
type Next = "value" | "first-value" | "key" | "first-key" | "colon" | "end";

function offsetOfMistake(text: string): number {
  const open: ("{" | "[")[] = [];
  const token = new RegExp(TOKEN);
  // Past the byte order mark that some editors begin a file with.
  token.lastIndex = text.startsWith("\uFEFF") ? 1 : 0;
  let next: Next = "value";
  for (;;) {
    const from = token.lastIndex;
    const match = token.exec(text);
    const start = from + (/^[ \t\r\n]*/.exec(text.slice(from, from + 10_000))?.[0].length ?? 0);
    if (match === null) return start;
    const [, mark, string] = match;
    const after = follow(mark, string !== undefined, next, open);
    if (after === undefined) return start;
    next = after;
  }
}

/** What may stand after this; undefined when this may not stand here. Opens and closes brackets. */
function follow(mark: string | undefined, isString: boolean, next: Next, open: ("{" | "[")[]): Next | undefined {
  const inside = open.at(-1);
  if (mark === undefined) {
    if (next === "value" || next === "first-value") return "end";
    return isString && (next === "key" || next === "first-key") ? "colon" : undefined;
  }
  if (mark === ":") return next === "colon" ? "value" : undefined;
  if (mark === ",") return next !== "end" || inside === undefined ? undefined : inside === "{" ? "key" : "value";
  if (mark === "{" || mark === "[") {
    if (next !== "value" && next !== "first-value") return undefined;
    open.push(mark);
    return mark === "{" ? "first-key" : "first-value";
  }
  const mayClose = inside !== undefined && (mark === "}") === (inside === "{") && (next === "end" || next.startsWith("first-"));
  if (!mayClose) return undefined;
  open.pop();
  return "end";
}
