import { Ring } from "../control/index.ts";
import { ClientConnections } from "./client-connections.ts";
import type { Transition } from "./target-group.ts";

/** How far a request to a target had got: connecting, sending the request, waiting for the head, reading the body. */
export type FailurePhase = "dial" | "send" | "head" | "body";

/** A request for which the load balancer got no whole answer from the target. */
export interface Failure {
  readonly sequence: number;
  /** When it failed and when it had been sent on, Unix milliseconds. */
  readonly atMs: number;
  readonly forwardedAtMs: number;
  readonly target: string;
  readonly phase: FailurePhase;
  /** What the client got: 502 or 504; 0 when the head had gone out and its connection was cut. */
  readonly code: number;
  /** `ECONNREFUSED`, `ECONNRESET`, `connect-timeout`, `idle-timeout`, `deregistration-delay` and so on. */
  readonly reason: string;
  /** This request included. */
  readonly inFlightAtTarget: number;
}

/** What the load balancer counts. Everything it keeps of single events is bounded. */
export class Accounting {
  readonly failures = new Ring<Failure>(2000);
  readonly transitions = new Ring<Transition>(500);
  /** Answers that came from targets, by status. */
  readonly targetAnswers = new Map<string, number>();
  /** Answers of the load balancer's own (redirects and fixed responses too), by status; 460: the client left first. */
  readonly ownAnswers = new Map<string, number>();
  readonly clients = new ClientConnections();
  /** All that came, and those for which a target was chosen. */
  requests = 0;
  forwarded = 0;
  /** Answers cut after their head had gone out. */
  cutAnswers = 0;
  /** Connections of clients that a Network Load Balancer reset. */
  resets = 0;

  countOwn(status: number): void {
    this.ownAnswers.set(String(status), (this.ownAnswers.get(String(status)) ?? 0) + 1);
  }

  countTarget(status: number): void {
    this.targetAnswers.set(String(status), (this.targetAnswers.get(String(status)) ?? 0) + 1);
  }

  addFailure(failure: Omit<Failure, "sequence">): void {
    this.failures.add({ sequence: this.failures.added, ...failure });
  }
}
