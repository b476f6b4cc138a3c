import { AppError, isRecord } from "../../kernel/index.ts";

/** The limits of a whole number read from outside, both included. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
  /** What an absent field means; without it the field is required. */
  readonly fallback?: number;
}

/**
 * Reads one JSON object from outside field by field. Every reader names the path of what it refuses, and `end` refuses
 * the fields nobody asked for, so that a misspelt setting is an error and never a silent default.
 */
export class Fields {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #code: string;
  readonly #read = new Set<string>();

  /** @throws AppError with `code` when `value` is not a JSON object. */
  constructor(value: unknown, path: string, code: string) {
    if (!isRecord(value)) throw new AppError(code, `${path === "" ? "the document" : path}: must be a JSON object, is ${kindOf(value)}`);
    this.#object = value;
    this.#path = path;
    this.#code = code;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#object, name) && this.#object[name] !== undefined;
  }

  text(name: string, fallback?: string): string {
    const value = this.#take(name);
    if (value === undefined && fallback !== undefined) return fallback;
    if (typeof value !== "string" || value === "" || value.length > 4096) {
      throw this.#refuse(name, "a string of 1 to 4096 characters", value);
    }
    return value;
  }

  /** A text of more than one line or very long: a certificate, say. */
  longText(name: string, maxCharacters: number): string {
    const value = this.#take(name);
    if (typeof value === "string" && value !== "" && value.length <= maxCharacters) return value;
    throw this.#refuse(name, `a string of 1 to ${maxCharacters} characters`, value);
  }

  /** A text that `isGood` takes; `wanted` says what that is (`an IPv4 address`). */
  textThat(name: string, isGood: (text: string) => boolean, wanted: string): string {
    const value = this.#take(name);
    if (typeof value !== "string" || value.length > 4096 || !isGood(value)) throw this.#refuse(name, wanted, value);
    return value;
  }

  choice<const T extends string>(name: string, choices: readonly T[], fallback?: T): T {
    const value = this.#take(name);
    if (value === undefined && fallback !== undefined) return fallback;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw this.#refuse(name, `one of ${choices.join(", ")}`, value);
    return found;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#take(name);
    if (value === undefined) return fallback;
    if (typeof value !== "boolean") throw this.#refuse(name, "true or false", value);
    return value;
  }

  integer(name: string, range: IntegerRange): number {
    const value = this.#take(name);
    if (value === undefined && range.fallback !== undefined) return range.fallback;
    if (typeof value !== "number" || !Number.isInteger(value) || value < range.min || value > range.max) {
      throw this.#refuse(name, `a whole number from ${range.min} to ${range.max}`, value);
    }
    return value;
  }

  /** A number above zero, not above `max`. */
  positive(name: string, max: number, fallback?: number): number {
    const value = this.#take(name);
    if (value === undefined && fallback !== undefined) return fallback;
    if (typeof value !== "number" || !(value > 0) || value > max) throw this.#refuse(name, `a number above 0, at most ${max}`, value);
    return value;
  }

  /** An array of `min` to `max` entries, each read by `readEntry`, which gets the entry and its path. Absent is empty when `min` is 0. */
  list<T>(
    name: string,
    limits: { readonly min: number; readonly max: number },
    readEntry: (value: unknown, path: string) => T,
  ): readonly T[] {
    const value = this.#take(name);
    if (value === undefined && limits.min === 0) return [];
    if (!Array.isArray(value) || value.length < limits.min || value.length > limits.max) {
      throw this.#refuse(name, `an array of ${limits.min} to ${limits.max} entries`, value);
    }
    return value.map((entry: unknown, index) => readEntry(entry, `${this.pathOf(name)}[${index}]`));
  }

  texts(name: string, limits: { readonly min: number; readonly max: number }): readonly string[] {
    return this.list(name, limits, (value, path) => {
      if (typeof value === "string" && value !== "" && value.length <= 4096) return value;
      throw new AppError(this.#code, `${path}: must be a string of 1 to 4096 characters, is ${kindOf(value)}`);
    });
  }

  /** An object whose keys are names, at most 100 of them, each value read by `readEntry`, which gets the value and its path. Absent is empty. */
  map<T>(name: string, readEntry: (value: unknown, path: string) => T): Readonly<Record<string, T>> {
    const value = this.#take(name) ?? {};
    if (!isRecord(value) || Object.keys(value).length > 100) throw this.#refuse(name, "an object of at most 100 fields", value);
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, readEntry(entry, `${this.pathOf(name)}.${key}`)]));
  }

  /** As `map`, of texts. */
  textMap(name: string): Readonly<Record<string, string>> {
    return this.map(name, (value, path) => {
      if (typeof value === "string" && value.length <= 4096) return value;
      throw new AppError(this.#code, `${path}: must be a string of at most 4096 characters, is ${kindOf(value)}`);
    });
  }

  /** The object below `name`; an absent one reads as `{}`, so that its own fields say what is required. */
  object(name: string): Fields {
    return new Fields(this.#take(name) ?? {}, this.pathOf(name), this.#code);
  }

  pathOf(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }

  /** @throws AppError when the object holds a field that no reader asked for. */
  end(): void {
    const stray = Object.keys(this.#object).find((name) => this.has(name) && !this.#read.has(name));
    if (stray === undefined) return;
    throw new AppError(this.#code, `${this.pathOf(stray)}: unknown field; known here: ${[...this.#read].join(", ")}`);
  }

  #take(name: string): unknown {
    this.#read.add(name);
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
  }

  #refuse(name: string, wanted: string, value: unknown): AppError {
    return new AppError(this.#code, `${this.pathOf(name)}: must be ${wanted}, is ${kindOf(value)}`);
  }
}

function kindOf(value: unknown): string {
  if (value === undefined) return "absent";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
