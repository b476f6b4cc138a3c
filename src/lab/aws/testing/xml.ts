/** What an answer in XML says: elements by their names, lists of `member` and `item` as arrays, all else as text. */
export type Parsed = string | readonly Parsed[] | { readonly [name: string]: Parsed };

const ENTITIES: Readonly<Record<string, string>> = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&" };

/** Reads XML as the lab's AWS writes it: no attributes but on the root, no declarations. Throws where it is not well formed. */
export function parseXml(text: string): Parsed {
  let at = 0;
  function element(): [name: string, value: Parsed] {
    const [open, name = ""] = /^<([\w.-]+)[^>]*>/.exec(text.slice(at)) ?? [];
    if (open === undefined) throw new Error(`no element begins at ${text.slice(at, at + 40)}`);
    at += open.length;
    const children: [string, Parsed][] = [];
    let said = "";
    while (!text.startsWith("</", at)) {
      if (at >= text.length) throw new Error(`<${name}> does not end`);
      if (text[at] === "<") children.push(element());
      else said += text[at++] ?? "";
    }
    if (!text.startsWith(`</${name}>`, at)) throw new Error(`<${name}> ends with ${text.slice(at, at + 20)}`);
    at += name.length + 3;
    if (children.length === 0) return [name, said.replaceAll(/&(lt|gt|quot|amp);/g, (entity) => ENTITIES[entity] ?? entity)];
    if (children.every(([child]) => child === "member" || child === "item")) return [name, children.map(([, value]) => value)];
    return [name, Object.fromEntries(children)];
  }
  const [, value] = element();
  if (at !== text.length) throw new Error("something stands after the end");
  return value;
}

/** What stands at a path in an answer: names and places in lists; undefined where there is nothing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (held, step) => (typeof held === "object" && held !== null ? (held as Record<string | number, unknown>)[step] : undefined),
    value,
  );
}

/** The list at a path; an empty element is an empty list. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  if (found === "") return [];
  if (!Array.isArray(found)) throw new TypeError(`no list at ${path.join(".")}: ${JSON.stringify(value)}`);
  return found as readonly unknown[];
}

/** The text at a path, "" where there is nothing. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path) ?? "";
  if (typeof found !== "string") throw new TypeError(`no text at ${path.join(".")}: ${JSON.stringify(value)}`);
  return found;
}
