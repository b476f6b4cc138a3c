import { parseEskip } from "../eskip-parser.ts";
import type { MatchInput } from "../predicate.ts";
import { type Rehearsal, rehearse } from "../rehearse.ts";
import type { RehearsedRequest } from "../rehearsed-exchange.ts";
import { standardRegistry } from "../standard.ts";
import { compileTable } from "../table.ts";
import { matchInput, rehearsedRequest } from "./requests.ts";

/** A rehearsal that came to its end. */
export type Rehearsed = Extract<Rehearsal, { readonly path: string }>;

/** Whether a route with these predicates answers. Throws when they cannot be built. */
export function matches(predicates: string, input: Partial<MatchInput>): boolean {
  const { table, problems } = compileTable(parseEskip(`${predicates} -> <shunt>`, "test"), standardRegistry);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("; "));
  return table.match(matchInput(input)) !== undefined;
}

/** What a route with these filters, and a back end, does with a request. Throws when they cannot be built. */
export function runFilters(filters: string, given: Partial<RehearsedRequest> = {}): Rehearsed {
  return runRoute(`* -> ${filters} -> "http://10.0.0.1:80"`, given);
}

/** What a route does with a request. Throws when it cannot be built or does not answer. */
export function runRoute(text: string, given: Partial<RehearsedRequest> = {}): Rehearsed {
  const { table, problems } = compileTable(parseEskip(text, "test"), standardRegistry);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("; "));
  const rehearsal = rehearse(table, rehearsedRequest(given));
  if (!("path" in rehearsal)) throw new Error(rehearsal.outcome);
  return rehearsal;
}

/** Why a predicate, or a filter, cannot be built; empty when it can. */
export function problemOf(call: string): string {
  const isPredicate = /^[A-Z]/.test(call);
  const text = isPredicate ? `Path("/x") && ${call} -> <shunt>` : `* -> ${call} -> <shunt>`;
  return compileTable(parseEskip(text, "test"), standardRegistry).problems[0]?.message ?? "";
}
