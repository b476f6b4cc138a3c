import { type Clock, type Random, type Timer } from "../../kernel/index.ts";
import type { Probe } from "../objects/index.ts";
import type { ProbeResult } from "./probe.ts";

/** `started` gates the other two; `healthy` false asks for a restart. */
export interface ProbeVerdict {
  readonly started: boolean;
  readonly ready: boolean;
  readonly healthy: boolean;
}

export interface ProberOptions {
  readonly startup?: Probe | undefined;
  readonly readiness?: Probe | undefined;
  readonly liveness?: Probe | undefined;
  /** What an earlier kubelet had found, so that a restart of the kubelet makes no pod unready. */
  readonly initial?: ProbeVerdict | undefined;
}

export interface ProberDeps {
  readonly clock: Clock;
  readonly random: Random;
  run(probe: Probe): Promise<ProbeResult>;
  /** Called when the verdict changes. */
  changed(verdict: ProbeVerdict): void;
  failed(kind: "Startup" | "Readiness" | "Liveness", message: string): void;
}

/** The probes of one run of one container. */
export interface Prober {
  readonly verdict: ProbeVerdict;
  stop(): void;
}

// A kubelet asks once a period from the start. A container that is not ready yet is asked more often here, because the lab's
// nine applications should be in service soon after their processes are.
const UNTIL_FIRST_READY_MS = 500;

/** Starts probing; each kind counts on its own up to its threshold (page "Probe" of the API reference). */
export function startProber(options: ProberOptions, deps: ProberDeps): Prober {
  let verdict: ProbeVerdict = options.initial ?? {
    started: options.startup === undefined,
    ready: options.readiness === undefined && options.startup === undefined,
    healthy: true,
  };
  const timers = new Set<Timer>();
  let stopped = false;

  const change = (next: Partial<ProbeVerdict>): void => {
    const merged = { ...verdict, ...next };
    if (stopped || (merged.started === verdict.started && merged.ready === verdict.ready && merged.healthy === verdict.healthy)) return;
    verdict = merged;
    deps.changed(verdict);
  };

  /** Probes until stopped; `settled` gets each result that reached its threshold and says whether to go on. */
  const loop = (kind: "Startup" | "Readiness" | "Liveness", probe: Probe, settled: (success: boolean) => boolean): void => {
    let run = 0;
    let last: boolean | undefined;
    let seenGood = options.initial?.ready === true;
    const again = (delayMs: number): void => {
      const timer = deps.clock.timer(delayMs, () => {
        timers.delete(timer);
        void deps.run(probe).then(({ success, message }) => {
          if (stopped) return;
          run = last === success ? run + 1 : 1;
          last = success;
          seenGood ||= success;
          if (!success) deps.failed(kind, message);
          const needed = success ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
          if (run >= needed && !settled(success)) return;
          const periodMs = (probe.periodSeconds ?? 10) * 1000;
          again(kind === "Readiness" && !seenGood ? Math.min(periodMs, UNTIL_FIRST_READY_MS) : periodMs);
        });
      });
      timers.add(timer);
    };
    // Without a delay of its own a new container is asked at once; one that was found running, at some point of its period.
    const spreadMs = options.initial === undefined ? 0 : deps.random.next() * (probe.periodSeconds ?? 10) * 1000;
    again((options.initial === undefined ? (probe.initialDelaySeconds ?? 0) * 1000 : 0) + spreadMs);
  };

  const probeFurther = (): void => {
    if (options.readiness === undefined) change({ ready: true });
    else {
      loop("Readiness", options.readiness, (success) => {
        change({ ready: success });
        return true;
      });
    }
    if (options.liveness !== undefined) {
      loop("Liveness", options.liveness, (success) => {
        if (!success) change({ healthy: false });
        return success;
      });
    }
  };

  if (options.startup === undefined || verdict.started) probeFurther();
  else {
    loop("Startup", options.startup, (success) => {
      if (!success) change({ healthy: false });
      else {
        change({ started: true });
        if (!stopped) probeFurther();
      }
      return false;
    });
  }
  return {
    get verdict() {
      return verdict;
    },
    stop() {
      stopped = true;
      for (const timer of timers) timer.cancel();
    },
  };
}
