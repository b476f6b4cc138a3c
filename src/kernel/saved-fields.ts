import type { AppError } from "./errors.ts";
import { isRecord } from "./json.ts";

/** Readers of what a former process saved as JSON; `where` is the place of a value, for the error. */
interface SavedFields {
  record(value: unknown, where: string): Readonly<Record<string, unknown>>;
  list(value: unknown, where: string): readonly unknown[];
  text(value: unknown, where: string): string;
  /** From 0. */
  number(value: unknown, where: string): number;
}

/** They throw what `bad` makes of a line that says what is wrong and where. */
export function savedFields(bad: (what: string) => AppError): SavedFields {
  return {
    record(value, where) {
      if (!isRecord(value)) throw bad(`${where} is no object`);
      return value;
    },
    list(value, where) {
      if (!Array.isArray(value)) throw bad(`${where} is no list`);
      return value as readonly unknown[];
    },
    text(value, where) {
      if (typeof value !== "string") throw bad(`${where} is no text`);
      return value;
    },
    number(value, where) {
      if (typeof value !== "number" || !Number.isFinite(value) || value < 0) throw bad(`${where} is no number from 0`);
      return value;
    },
  };
}
