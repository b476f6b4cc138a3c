import { AppError, isRecord } from "../kernel/index.ts";
import { authLimits } from "./settings.ts";

/** A public key as RFC 7517 writes it, with nothing in it that is not used. */
export interface PublicKey {
  readonly kty: "RSA" | "EC" | "OKP";
  readonly kid?: string;
  readonly alg?: string;
  readonly crv?: string;
  readonly n?: string;
  readonly e?: string;
  readonly x?: string;
  readonly y?: string;
}

/** A key with what is known of whether it is still one. */
export interface HeldKey {
  readonly key: PublicKey;
  /** Since when answers leave it out, and how many did in a row; undefined while it is in the set. */
  readonly missing?: { readonly sinceMs: number; readonly answers: number };
}

/** Signatures that are believed. None of a secret that both sides know: with a public key taken for one, anybody signs. */
export const ALGORITHMS: readonly string[] = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

const MEMBERS: Readonly<Record<PublicKey["kty"], readonly (keyof PublicKey)[]>> = {
  RSA: ["n", "e"],
  EC: ["crv", "x", "y"],
  OKP: ["crv", "x"],
};

/**
 * The public signature keys of a set. Keys of other kinds, uses and algorithms are passed over; private parts are left out. Throws
 * AppError AUTH_MALFORMED when it is no set, or one without a single such key: an authority that signs has one.
 */
export function readKeySet(document: Readonly<Record<string, unknown>>): readonly PublicKey[] {
  const list = document["keys"];
  if (!Array.isArray(list)) throw malformed("its key set has no keys");
  if (list.length > authLimits.keys) throw malformed(`its key set has ${list.length} keys, at most ${authLimits.keys} are read`);
  const keys = list.flatMap((entry: unknown) => readKey(entry) ?? []);
  if (keys.length === 0) throw malformed("its key set has no key that signatures could be checked with");
  return keys;
}

function readKey(entry: unknown): PublicKey | undefined {
  if (!isRecord(entry)) return undefined;
  const { kty, use, key_ops: operations, alg, kid } = entry;
  if (kty !== "RSA" && kty !== "EC" && kty !== "OKP") return undefined;
  if (use !== undefined && use !== "sig") return undefined;
  if (Array.isArray(operations) && !operations.includes("verify")) return undefined;
  if (alg !== undefined && !(typeof alg === "string" && ALGORITHMS.includes(alg))) return undefined;
  const key: Record<string, string> = { kty };
  if (typeof kid === "string") key["kid"] = kid;
  if (typeof alg === "string") key["alg"] = alg;
  for (const member of MEMBERS[kty]) {
    const value = entry[member];
    if (typeof value !== "string" || !/^[A-Za-z0-9_-]+$/.test(value)) return undefined;
    key[member] = value;
  }
  return key as unknown as PublicKey;
}

/**
 * The keys to believe after an answer. New ones count at once, or a rotation would lock everybody out; one that is gone counts on until
 * it was missing in several answers and for a while: an answer that is short once is no proof.
 */
export function mergeKeys(held: readonly HeldKey[], answer: readonly PublicKey[], nowMs: number): readonly HeldKey[] {
  const fresh = new Map(answer.map((key) => [identityOf(key), key]));
  const gone = held.flatMap(({ key, missing }): readonly HeldKey[] => {
    if (fresh.has(identityOf(key))) return [];
    const next = { sinceMs: missing?.sinceMs ?? nowMs, answers: (missing?.answers ?? 0) + 1 };
    const isOver = next.answers >= authLimits.missingKeyAnswers && nowMs - next.sinceMs >= authLimits.missingKeyMs;
    return isOver ? [] : [{ key, missing: next }];
  });
  return [...[...fresh.values()].map((key) => ({ key })), ...gone].slice(0, authLimits.keys);
}

/** The keys that a signature of this algorithm may be by, those that bear the name first; of those that bear another none. */
export function keysFor(held: readonly HeldKey[], alg: string, kid: string | undefined): readonly PublicKey[] {
  const fitting = held.map(({ key }) => key).filter((key) => fits(key, alg));
  if (kid === undefined) return fitting;
  const named = fitting.filter((key) => key.kid === kid);
  return named.length > 0 ? named : fitting.filter((key) => key.kid === undefined);
}

const CURVES: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521", EdDSA: "Ed25519", Ed25519: "Ed25519" };

function fits(key: PublicKey, alg: string): boolean {
  if (key.alg !== undefined && key.alg !== alg) return false;
  const curve = CURVES[alg];
  if (curve === undefined) return key.kty === "RSA" && (alg.startsWith("RS") || alg.startsWith("PS"));
  return key.kty === (alg.startsWith("ES") ? "EC" : "OKP") && key.crv === curve;
}

/** The same for the same key under the same name. */
export function identityOf({ kty, kid = "", crv = "", n = "", e = "", x = "", y = "" }: PublicKey): string {
  return [kty, kid, crv, n, e, x, y].join(" ");
}

function malformed(what: string): AppError {
  return new AppError("AUTH_MALFORMED", what, { retry: "idempotent" });
}
