import type { Clock } from "../../kernel/index.ts";
import type { EventEvidence, FaultEvidence, LoadEvidence } from "./evidence.ts";

/** Who is told at once. */
export interface EvidenceFollower {
  fault(fault: FaultEvidence): void;
  load(load: LoadEvidence): void;
  event(event: EventEvidence): void;
}

/** Where a run collects what its journal and report get. */
export class EvidenceBook {
  readonly #clock: Clock;
  readonly #faults = new Map<string, FaultEvidence>();
  readonly #load = new Map<string, LoadEvidence>();
  readonly #events: EventEvidence[] = [];
  #follower: EvidenceFollower | undefined;
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the place of what was known of the fault. */
  recordFault(fault: FaultEvidence): void {
    this.#faults.set(fault.id, fault);
    this.#follower?.fault(fault);
  }

  /** Takes the place of what was known of the load of that name. */
  recordLoad(load: LoadEvidence): void {
    this.#load.set(load.name, load);
    this.#follower?.load(load);
  }

  /** `kind` is one word or two: `halt`, `blast plan`. */
  recordEvent(kind: string, text: string): void {
    const event = { at: this.now(), kind, text };
    this.#events.push(event);
    this.#follower?.event(event);
  }

  follow(follower: EvidenceFollower): void {
    this.#follower = follower;
  }

  /** ISO 8601. */
  now(): string {
    return new Date(this.#clock.wallMs()).toISOString();
  }

  get faults(): readonly FaultEvidence[] {
    return [...this.#faults.values()];
  }

  get load(): readonly LoadEvidence[] {
    return [...this.#load.values()];
  }

  get events(): readonly EventEvidence[] {
    return this.#events;
  }
}
