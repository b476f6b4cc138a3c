import type { ObjectProblem as ConversionProblem } from "../../ingress/index.ts";
import type { Clock } from "../../kernel/index.ts";
import type { ObjectEvents } from "../../mirror/index.ts";
import type { KubeObject } from "../../kube/index.ts";
import type { ObjectProblem } from "../messages.ts";
import { type StandingProblems, createStandingProblems, objectOf } from "./standing-problems.ts";

const PROBLEMS_TOLD = 1_000;
const REASON = "NotServedAsWritten";

const EFFECTS: Readonly<Record<ConversionProblem["effect"], string>> = {
  dropped: "it is not served",
  partial: "requests that need it are answered 503",
  ignored: "this setting is not heeded",
};

/** What of objects is not served as written, for `/statusz` and, by Events, for their owners. */
export class ObjectProblems {
  /** Of what is accepted. */
  readonly converted: StandingProblems;
  /** Of those who ask for certificates. */
  readonly certificates: StandingProblems;
  readonly #events: ObjectEvents;
  /** Of versions that are not taken, by `Kind namespace/name`. */
  readonly #poisoned = new Map<string, ObjectProblem>();

  /** `accepted` is the version of an object that is served; undefined when there is none. */
  constructor(events: ObjectEvents, clock: Clock, accepted: (kind: string, key: string) => KubeObject | undefined) {
    this.#events = events;
    const tell = (problem: ConversionProblem): void => {
      const { kind, namespace, name, message, effect } = problem;
      const key = `${namespace}/${name}`;
      const object = accepted(kind, key);
      if (object === undefined) return;
      this.#events.seen(object);
      this.#events.tell(kind, key, { reason: REASON, message: `${message}; ${EFFECTS[effect]}` });
    };
    this.converted = createStandingProblems(clock, tell);
    this.certificates = createStandingProblems(clock, tell);
  }

  /** This version can be taken. */
  sound({ kind, metadata }: KubeObject): void {
    this.#poisoned.delete(`${kind} ${metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`}`);
  }

  /** This version will not be taken, so that an Event about it can name it. */
  refused(object: KubeObject): void {
    this.#events.seen(object);
  }

  /** A version is not taken; `lastGoodServes` is whether another is served. */
  poisoned(kind: string, key: string, problem: string, lastGoodServes: boolean): void {
    if (this.#poisoned.size < PROBLEMS_TOLD)
      this.#poisoned.set(`${kind} ${key}`, { object: `${kind} ${key}`, message: problem, lastGoodServes });
    const outcome = lastGoodServes ? "its last good version keeps serving" : "it is not served";
    this.#events.tell(kind, key, { reason: REASON, message: `${problem}; ${outcome}` });
  }

  /** The first thousand. */
  told(): readonly ObjectProblem[] {
    const told = [...this.#poisoned.values()];
    for (const standing of [this.converted, this.certificates]) {
      for (const problem of standing.all()) {
        if (told.length >= PROBLEMS_TOLD) return told;
        told.push({ object: objectOf(problem), message: problem.message, lastGoodServes: false });
      }
    }
    return told;
  }
}
