import type { Fields } from "./query-input.ts";

/** Reads fields of an input that the service model has checked: the types are as it says. */
export function text(input: Fields, name: string): string | undefined {
  return input[name] as string | undefined;
}

/** One that the service model requires. */
export function requiredText(input: Fields, name: string): string {
  return input[name] as string;
}

export function texts(input: Fields, name: string): readonly string[] | undefined {
  return input[name] as readonly string[] | undefined;
}

export function integer(input: Fields, name: string): number | undefined {
  return input[name] as number | undefined;
}

export function flag(input: Fields, name: string): boolean | undefined {
  return input[name] as boolean | undefined;
}

export function structures(input: Fields, name: string): readonly Fields[] | undefined {
  return input[name] as readonly Fields[] | undefined;
}
