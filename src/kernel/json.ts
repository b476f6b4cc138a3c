/** Whether a value from outside is an object with fields: not null, not a list. Its fields are still to be checked, by `Object.hasOwn` if they are named from outside. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
