import { CLASSIC_TOXICS } from "./classic-toxics.ts";
import { OWN_TOXICS } from "./own-toxics.ts";
import type { ToxicKind } from "./toxic.ts";

/** Every kind of toxic on TCP, by its type. */
export const TOXIC_KINDS: Readonly<Record<string, ToxicKind>> = { ...CLASSIC_TOXICS, ...OWN_TOXICS };

export function toxicKind(type: string): ToxicKind | undefined {
  return Object.hasOwn(TOXIC_KINDS, type) ? TOXIC_KINDS[type] : undefined;
}
