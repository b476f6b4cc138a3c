import type { Json } from "../document/json.ts";

/** Stands where a parameter has no default. */
export const REQUIRED: unique symbol = Symbol("required");

/** A function's parameters in their order, each with its default; without `configuration` and `secrets`. */
export type Parameters = Readonly<Record<string, Json | typeof REQUIRED>>;
