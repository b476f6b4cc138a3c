import { AppError } from "../kernel/index.ts";

const MAX_ITEMS = 10_000;
const MAX_TEXT = 1024 * 1024;

/**
 * Reads an object from outside field by field; whatever is not as expected throws AppError `INGRESS_FIELD`, whose
 * message begins with the place, as in `spec.rules[0].host: expected a string, got 3`.
 */
export class Fields {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw fieldError(path, "an object", value);
    this.#value = value as Readonly<Record<string, unknown>>;
    this.#path = path;
  }

  /** `spec.rules[0]` and its like. */
  get path(): string {
    return this.#path;
  }

  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  entries(): readonly (readonly [string, unknown])[] {
    return Object.entries(this.#value);
  }

  place(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }

  string(name: string): string {
    const value = this.optionalString(name);
    if (value === undefined) throw fieldError(this.place(name), "a string", undefined);
    return value;
  }

  optionalString(name: string): string | undefined {
    const value = this.#get(name);
    if (value !== undefined && (typeof value !== "string" || value.length > MAX_TEXT))
      throw fieldError(this.place(name), "a string", value);
    return value;
  }

  optionalBoolean(name: string): boolean | undefined {
    const value = this.#get(name);
    if (value !== undefined && typeof value !== "boolean") throw fieldError(this.place(name), "true or false", value);
    return value;
  }

  /** A whole number in [least, most]. */
  optionalInteger(name: string, least: number, most: number): number | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
      throw fieldError(this.place(name), `a whole number from ${least} to ${most}`, value);
    }
    return value;
  }

  /** A port: a number or the name of one. */
  optionalPort(name: string): number | string | undefined {
    const value = this.#get(name);
    return typeof value === "string" ? value : this.optionalInteger(name, 1, 65_535);
  }

  /** The items of a list; none when it is missing or null, as Kubernetes writes empty lists. */
  list<Item>(name: string, read: (item: unknown, path: string) => Item): readonly Item[] {
    const value = this.#get(name) ?? [];
    if (!Array.isArray(value)) throw fieldError(this.place(name), "a list", value);
    if (value.length > MAX_ITEMS) throw fieldError(this.place(name), `at most ${MAX_ITEMS} items`, value.length);
    return value.map((item: unknown, at) => read(item, `${this.place(name)}[${at}]`));
  }

  strings(name: string): readonly string[] {
    return this.list(name, (item, path) => {
      if (typeof item !== "string") throw fieldError(path, "a string", item);
      return item;
    });
  }

  optionalObject(name: string): Fields | undefined {
    const value = this.#get(name);
    return value === undefined ? undefined : new Fields(value, this.place(name));
  }

  object(name: string): Fields {
    return new Fields(this.#get(name), this.place(name));
  }

  /** A map of strings; empty when it is missing. */
  stringMap(name: string): ReadonlyMap<string, string> {
    const value = this.#get(name) ?? {};
    if (typeof value !== "object" || Array.isArray(value)) throw fieldError(this.place(name), "a map of strings", value);
    return new Map(
      Object.entries(value).map(([key, item]: [string, unknown]) => {
        if (typeof item !== "string") throw fieldError(`${this.place(name)}.${key}`, "a string", item);
        return [key, item];
      }),
    );
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#value, name) ? (this.#value[name] ?? undefined) : undefined;
  }
}

/** The error of a field that is not as expected. */
export function fieldError(path: string, expected: string, got: unknown): AppError {
  const text = got === undefined ? "nothing" : (JSON.stringify(got) ?? typeof got);
  return new AppError("INGRESS_FIELD", `${path}: expected ${expected}, got ${text.length > 60 ? `${text.slice(0, 57)}…` : text}`);
}
