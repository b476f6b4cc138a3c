import { type Json, isList, isObject } from "../document/json.ts";
import { PythonTypeError, typeName } from "./python-order.ts";

/** A number as Python's `decimal.Decimal` holds it, without rounding: `digits` × 10^`exponent`; or not finite. */
export type Decimal = { readonly digits: bigint; readonly exponent: number } | "NaN" | "Infinity" | "-Infinity";

/** An exponent beyond this is no number that anybody measures, and would take memory. */
const EXPONENT_LIMIT = 10_000;
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/;

/** Python's `Decimal(value)`: undefined for a text that is no number. Throws {@link PythonTypeError} for what is neither text nor number. */
export function toDecimal(value: Json): Decimal | undefined {
  if (typeof value === "boolean") return { digits: BigInt(Number(value)), exponent: 0 };
  if (typeof value === "number") return ofFloat(value);
  if (typeof value === "string") return ofText(value.trim().replaceAll("_", ""));
  if (isList(value) || isObject(value) || value === null)
    throw new PythonTypeError(`conversion from ${typeName(value)} to Decimal is not supported`);
  return undefined;
}

/** Whether `one` ≤ `other`. Throws for NaN, as Python does. */
export function isDecimalAtMost(one: Decimal, other: Decimal): boolean {
  if (one === "NaN" || other === "NaN") throw new PythonTypeError("comparison involving NaN");
  if (one === "-Infinity" || other === "Infinity") return true;
  if (one === "Infinity" || other === "-Infinity") return false;
  const exponent = Math.min(one.exponent, other.exponent);
  return scaled(one, exponent) <= scaled(other, exponent);
}

function scaled({ digits, exponent }: { readonly digits: bigint; readonly exponent: number }, to: number): bigint {
  return digits * 10n ** BigInt(exponent - to);
}

/** A float's value to the last digit: a fraction with a power of two below is one with a power of ten below. */
function ofFloat(value: number): Decimal {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  let exponent = 0;
  let whole = value;
  while (!Number.isInteger(whole)) {
    whole *= 2;
    exponent--;
  }
  return { digits: BigInt(whole) * 5n ** BigInt(-exponent), exponent };
}

function ofText(text: string): Decimal | undefined {
  if (/^[+-]?nan$/i.test(text)) return "NaN";
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? "-Infinity" : "Infinity";
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = NUMBER.exec(text) ?? [];
  if (whole === "" && fraction === "") return undefined;
  const power = Number(exponent) - fraction.length;
  if (Math.abs(power) > EXPONENT_LIMIT) return undefined;
  return { digits: BigInt(`${sign === "-" ? "-" : ""}${whole}${fraction}`), exponent: power };
}
