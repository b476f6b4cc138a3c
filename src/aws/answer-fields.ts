import { AppError } from "../kernel/index.ts";

/**
 * Reads fields of an answer that have to be there. One that is missing makes the whole answer unbelievable (`AWS_INCOMPLETE`): it must not be
 * taken for "none". The SDK gives undefined for a list that is missing, and an empty one where AWS sent an empty one.
 */
export class AnswerFields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(fields: object | undefined, where: string) {
    if (fields === undefined) throw incomplete(where, "is missing");
    this.#fields = fields as Readonly<Record<string, unknown>>;
    this.#where = where;
  }

  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value !== "string" || value === "") throw incomplete(`${this.#where}.${name}`, "is missing or empty");
    return value;
  }

  /** Empty where it is missing: values of tags and attributes may be. */
  textOrEmpty(name: string): string {
    const value = this.#fields[name] ?? "";
    if (typeof value !== "string") throw incomplete(`${this.#where}.${name}`, "is no text");
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.#fields[name] === undefined ? undefined : this.text(name);
  }

  number(name: string): number {
    const value = this.#fields[name];
    if (typeof value !== "number" || !Number.isFinite(value)) throw incomplete(`${this.#where}.${name}`, "is missing or no number");
    return value;
  }

  optionalNumber(name: string): number | undefined {
    return this.#fields[name] === undefined ? undefined : this.number(name);
  }

  flag(name: string): boolean {
    const value = this.#fields[name];
    if (typeof value !== "boolean") throw incomplete(`${this.#where}.${name}`, "is missing or not true or false");
    return value;
  }

  optionalFlag(name: string): boolean | undefined {
    return this.#fields[name] === undefined ? undefined : this.flag(name);
  }

  /** Unix milliseconds. */
  time(name: string): number {
    const value = this.#fields[name];
    if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw incomplete(`${this.#where}.${name}`, "is missing or no time");
    return value.getTime();
  }

  optionalTime(name: string): number | undefined {
    return this.#fields[name] === undefined ? undefined : this.time(name);
  }

  structure(name: string): AnswerFields {
    const value = this.#fields[name];
    if (typeof value !== "object" || value === null) throw incomplete(`${this.#where}.${name}`, "is missing");
    return new AnswerFields(value, `${this.#where}.${name}`);
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined;
  }

  list<T>(name: string, read: (entry: AnswerFields) => T): readonly T[] {
    return this.#entries(name).map((entry, at) => {
      if (typeof entry !== "object" || entry === null) throw incomplete(`${this.#where}.${name}[${at}]`, "is no structure");
      return read(new AnswerFields(entry, `${this.#where}.${name}[${at}]`));
    });
  }

  /** For lists within a resource that AWS leaves out where they are empty. */
  listOrEmpty<T>(name: string, read: (entry: AnswerFields) => T): readonly T[] {
    return this.has(name) ? this.list(name, read) : [];
  }

  /** `[{ Key, Value }]`, as most services have tags; left out where there are none. */
  tags(name: string): ReadonlyMap<string, string> {
    return new Map(this.listOrEmpty(name, (tag) => [tag.text("Key"), tag.textOrEmpty("Value")] as const));
  }

  texts(name: string): readonly string[] {
    return this.#entries(name).map((entry, at) => {
      if (typeof entry !== "string") throw incomplete(`${this.#where}.${name}[${at}]`, "is no text");
      return entry;
    });
  }

  textsOrEmpty(name: string): readonly string[] {
    return this.has(name) ? this.texts(name) : [];
  }

  numbers(name: string): readonly number[] {
    return this.#entries(name).map((entry, at) => {
      if (typeof entry !== "number" || !Number.isFinite(entry)) throw incomplete(`${this.#where}.${name}[${at}]`, "is no number");
      return entry;
    });
  }

  /** Unix milliseconds. */
  times(name: string): readonly number[] {
    return this.#entries(name).map((entry, at) => {
      if (!(entry instanceof Date) || Number.isNaN(entry.getTime())) throw incomplete(`${this.#where}.${name}[${at}]`, "is no time");
      return entry.getTime();
    });
  }

  /** The value as it came. */
  raw(name: string): unknown {
    return this.#fields[name];
  }

  #entries(name: string): readonly unknown[] {
    const value = this.#fields[name];
    if (!Array.isArray(value)) throw incomplete(`${this.#where}.${name}`, "is missing: that is no empty list");
    return value as readonly unknown[];
  }
}

/** The error of an answer in which something is missing or not what it should be. */
export function incomplete(where: string, what: string): AppError {
  return new AppError("AWS_INCOMPLETE", `${where} ${what}`, { retry: "idempotent" });
}
