import { createHash } from "node:crypto";

/** An id as EC2 gives out, `i-` and seventeen digits: the same for the same parts, so that worlds stay pure. */
export function resourceId(prefix: string, ...parts: readonly (string | number)[]): string {
  return `${prefix}-${digits(17, parts)}`;
}

/** A UUID as Auto Scaling and ACM give out. */
export function uuid(...parts: readonly (string | number)[]): string {
  return digits(32, parts).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export function digits(count: number, parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, count);
}
