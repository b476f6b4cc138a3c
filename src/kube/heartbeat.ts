import { AppError, type Clock, type Random, messageOf, sleep } from "../kernel/index.ts";
import { type Log, silentLog } from "../telemetry/index.ts";
import type { KubeClient } from "./client-api.ts";
import type { Resource } from "./resource.ts";

/** Settings of a {@link Heartbeat}. */
export interface HeartbeatOptions {
  /** A kind with few objects that this client may list. */
  readonly resource: Resource;
  /** The server is asked after this long without a word from it, or up to a quarter sooner. */
  readonly silenceMs: number;
  /** Time for the answer. */
  readonly timeoutMs: number;
}

/**
 * Whether the API server is heard at all, by whatever it says to anybody here. A watch on which nothing happens is silent for a minute between
 * bookmarks, and to make it anew only to hear something costs the server a request per kind; this asks one small question for all of them, and none
 * while anything is heard.
 */
export interface Heartbeat {
  /** The server said something that only a working one says: a list, a watch let in, an event, a bookmark. */
  heard(): void;
  /** When it did so last, on the monotonic clock. */
  readonly lastHeardMonoMs: number | undefined;
  /** Calls `take` with the revision of each answer to a question; of the storage as a whole, where all kinds are in one etcd. */
  onAnswer(take: (revision: string) => void): void;
  /** Why it gave no answer when it was asked last; undefined once it is heard again. */
  readonly problem: AppError | undefined;
  start(): void;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/**
 * The question is a list of one object with no revision named: the server must ask its storage before it answers, so one that is cut off from etcd,
 * hangs, or is another program on the same port does not pass for a working one.
 */
export function createHeartbeat(
  options: HeartbeatOptions,
  deps: { readonly client: KubeClient; readonly clock: Clock; readonly random: Random; readonly log?: Log },
): Heartbeat {
  const { resource, silenceMs, timeoutMs } = options;
  const { client, clock, random } = deps;
  const log = deps.log ?? silentLog;
  const stopping = new AbortController();
  const { signal } = stopping;
  let lastHeardMonoMs: number | undefined;
  const takers: ((revision: string) => void)[] = [];
  let problem: AppError | undefined;
  let running: Promise<void> | undefined;

  const heard = (): void => {
    lastHeardMonoMs = clock.monoMs();
    problem = undefined;
  };

  async function run(): Promise<void> {
    let quietSinceMs = clock.monoMs();
    let patienceMs = nextPatienceMs();
    while (!signal.aborted) {
      quietSinceMs = Math.max(quietSinceMs, lastHeardMonoMs ?? 0);
      const leftMs = quietSinceMs + patienceMs - clock.monoMs();
      if (leftMs > 0) {
        await sleep(clock, leftMs, signal);
        continue;
      }
      quietSinceMs = clock.monoMs();
      patienceMs = nextPatienceMs();
      try {
        const { resourceVersion } = await client.listPage(resource, { limit: 1, timeoutMs, signal });
        heard();
        for (const take of takers) take(resourceVersion);
      } catch (thrown) {
        if (signal.aborted) break;
        problem = thrown instanceof AppError ? thrown : new AppError("KUBE_INTERNAL", messageOf(thrown), { cause: thrown });
        log.warn({ reason: problem.message, code: problem.code }, "API server is silent and does not answer when asked");
      }
    }
  }

  /** All routers lose the same server at the same moment: they must not ask in step. */
  function nextPatienceMs(): number {
    return silenceMs * (0.75 + random.next() / 4);
  }

  return {
    heard,
    get lastHeardMonoMs() {
      return lastHeardMonoMs;
    },
    onAnswer: (take) => void takers.push(take),
    get problem() {
      return problem;
    },
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
