import type { Clock } from "../../../kernel/index.ts";

const MOST_ANSWERS = 512;
const MOST_REMEMBERED_BYTES = 128 * 1024 * 1024;

export interface RememberedAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** The world as it was: the first answer, or the last one while it records, to each request. */
export class RememberedAnswers {
  readonly #clock: Clock;
  readonly #answers = new Map<string, RememberedAnswer>();
  readonly #sinceMs: number;
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monoMs();
  }

  /** Undefined while it records, and for what was never asked. */
  recall(key: string, recordSeconds: number): RememberedAnswer | undefined {
    return this.#isRecording(recordSeconds) ? undefined : this.#answers.get(key);
  }

  keep(key: string, answer: RememberedAnswer, recordSeconds: number): void {
    const old = this.#answers.get(key);
    if (old !== undefined && !this.#isRecording(recordSeconds)) return;
    if (this.#answers.size >= MOST_ANSWERS || this.#bytes + answer.body.length > MOST_REMEMBERED_BYTES) return;
    this.#bytes += answer.body.length - (old?.body.length ?? 0);
    this.#answers.set(key, answer);
  }

  #isRecording(recordSeconds: number): boolean {
    return this.#clock.monoMs() - this.#sinceMs < recordSeconds * 1000;
  }
}

/** What asks for the same, at whatever version of the world. */
export function rememberedKey(target: string): string {
  const url = URL.parse(target, "http://fault-proxy");
  if (url === null) return target;
  for (const name of ["resourceVersion", "resourceVersionMatch", "timeoutSeconds"]) url.searchParams.delete(name);
  url.searchParams.sort();
  return url.pathname + url.search;
}
