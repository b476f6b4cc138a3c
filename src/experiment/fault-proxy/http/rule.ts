import type { RequestFacts } from "./request-facts.ts";

/** Which requests; what is left out is not asked for. Several values mean: one of them. */
export interface Match {
  readonly methods?: readonly string[];
  readonly path?: RegExp;
  readonly host?: RegExp;
  readonly userAgent?: RegExp;
  readonly verbs?: readonly string[];
  readonly groups?: readonly string[];
  readonly resources?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly names?: readonly string[];
  readonly services?: readonly string[];
  readonly actions?: readonly string[];
}

export type Loss = "reset" | "close" | "hang";
export type WatchFault = "drop_events" | "silent" | "close" | "garbage" | "error_410";

/** What is done to a request that a rule takes. */
export type HttpFault =
  | { readonly type: Loss }
  | { readonly type: "delay"; readonly ms: number; readonly jitter_ms: number; readonly at: "request" | "headers" }
  | { readonly type: "answer"; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
  | { readonly type: "kube_status"; readonly code: number; readonly reason: string; readonly message: string; readonly retry_after: number }
  | { readonly type: "aws_error"; readonly code: string; readonly status: number; readonly message: string }
  | { readonly type: "status"; readonly status: number }
  | { readonly type: "cut"; readonly in: "headers" | "body"; readonly bytes: number; readonly how: "reset" | "close" }
  | { readonly type: "truncate"; readonly share: number }
  | { readonly type: "corrupt"; readonly every: number }
  | { readonly type: "slow"; readonly bytes_per_second: number }
  | { readonly type: "lose_answer"; readonly how: Loss }
  | { readonly type: "empty_list" }
  | { readonly type: "partial_list"; readonly share: number }
  | { readonly type: "older_world"; readonly record_seconds: number }
  | { readonly type: "watch"; readonly do: WatchFault; readonly share: number };

export interface Rule {
  readonly name: string;
  readonly match: Match;
  readonly fault: HttpFault;
  /** The share of the requests that match. */
  readonly share: number;
  /** So many that match go through first. */
  readonly skip: number;
  /** So many are touched, then none; null: all. */
  readonly count: number | null;
  /** As it was written, for who asks. */
  readonly written: unknown;
}

export function matches(match: Match, facts: RequestFacts): boolean {
  const { kube, aws } = facts;
  return (
    within(match.methods, facts.method) &&
    fits(match.path, facts.target) &&
    fits(match.host, facts.host) &&
    fits(match.userAgent, facts.userAgent) &&
    within(match.verbs, kube?.verb) &&
    within(match.groups, kube?.group) &&
    within(match.resources, kube?.resource) &&
    within(match.namespaces, kube?.namespace) &&
    within(match.names, kube?.name) &&
    within(match.services, aws?.service) &&
    within(match.actions, aws?.action)
  );
}

function within(wanted: readonly string[] | undefined, value: string | undefined): boolean {
  return wanted === undefined || (value !== undefined && wanted.includes(value));
}

function fits(wanted: RegExp | undefined, value: string): boolean {
  return wanted === undefined || wanted.test(value);
}
