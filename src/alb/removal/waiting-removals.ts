import { hashText } from "../../kernel/index.ts";
import type { HeldRemoval } from "../../admin/index.ts";

/** Removals that the hold has let go and that wait for something else, with what they wait for. */
export class WaitingRemovals {
  readonly #waiting = new Map<string, HeldRemoval>();

  /** `releasedBy`: what would let it happen. */
  put(kind: string, keys: readonly string[], why: string, releasedBy: string, nowWallMs: number): void {
    const id = idOf(keys);
    const known = this.#waiting.get(id);
    const isNews = known?.evidence.at(-1)?.said !== why;
    const evidence = isNews ? [...(known?.evidence ?? []).slice(-11), { atMs: nowWallMs, said: why }] : (known?.evidence ?? []);
    this.#waiting.set(id, { id, kind, keys, sinceMs: known?.sinceMs ?? nowWallMs, reason: why, evidence, releasedBy });
  }

  delete(keys: readonly string[]): void {
    this.#waiting.delete(idOf(keys));
  }

  /** Only those whose things all pass. */
  keep(passes: (key: string) => boolean): void {
    for (const [id, { keys }] of this.#waiting) if (!keys.every(passes)) this.#waiting.delete(id);
  }

  find(id: string): HeldRemoval | undefined {
    return this.#waiting.get(id);
  }

  all(): readonly HeldRemoval[] {
    return [...this.#waiting.values()];
  }
}

function idOf(keys: readonly string[]): string {
  return `alb-last-look-${hashText(keys.join("\n")).toString(36)}`;
}
