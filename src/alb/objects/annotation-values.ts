import { isIP } from "node:net";

import { AppError } from "../../kernel/index.ts";

/** AppError `ALB_ANNOTATION`: what is wrong with the value of an annotation. */
export function annotationError(key: string, expected: string, got: string): AppError {
  const shown = JSON.stringify(got.length > 80 ? `${got.slice(0, 77)}…` : got);
  return new AppError("ALB_ANNOTATION", `annotation ${key}: expected ${expected}, got ${shown}`);
}

export function oneOf<Value extends string>(key: string, text: string, values: readonly Value[]): Value {
  const found = values.find((value) => value === text);
  if (found === undefined) throw annotationError(key, alternatives(values), text);
  return found;
}

export function trueOrFalse(key: string, text: string): boolean {
  return oneOf(key, text, ["true", "false"]) === "true";
}

/** A whole number in [least, most]. */
export function wholeNumber(key: string, text: string, least: number, most: number): number {
  const value = /^-?[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw annotationError(key, `a whole number from ${least} to ${most}`, text);
  return value;
}

/** Items between commas, without the space around them; at least one. */
export function list(key: string, text: string, most: number): readonly string[] {
  const items = [...new Set(text.split(",").map((item) => item.trim()))].filter((item) => item !== "");
  if (items.length === 0 || items.length > most) throw annotationError(key, `1 to ${most} items with commas between them`, text);
  return items;
}

/** `key=value` between commas. */
export function map(key: string, text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const item of list(key, text, 100)) {
    const at = item.indexOf("=");
    if (at < 1) throw annotationError(key, "key=value, with commas between them", item);
    const name = item.slice(0, at).trim();
    if (found.has(name)) throw annotationError(key, "each key once", name);
    found.set(name, item.slice(at + 1).trim());
  }
  return found;
}

export function matching(key: string, text: string, pattern: RegExp, expected: string): string {
  if (!pattern.test(text)) throw annotationError(key, expected, text);
  return text;
}

/** A CIDR block, IPv4 or IPv6, in lower case. */
export function cidr(key: string, text: string): string {
  const [address = "", bits = "", ...more] = text.toLowerCase().split("/");
  const family = isIP(address);
  const isSound = more.length === 0 && family !== 0 && /^[0-9]{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
  if (!isSound) throw annotationError(key, "a CIDR block, as in 10.0.0.0/8", text);
  return `${address}/${Number(bits)}`;
}

/** `a, b or c` */
export function alternatives(values: readonly string[]): string {
  return values.length < 2 ? values.join("") : `${values.slice(0, -1).join(", ")} or ${values.at(-1) ?? ""}`;
}
