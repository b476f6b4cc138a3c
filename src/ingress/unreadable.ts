import { messageOf } from "../kernel/index.ts";
import type { Call } from "../route/index.ts";

const NAME = "unreadable";

/**
 * Stands among the predicates or filters of a route for those that could not be read. No registry has it, so the table
 * keeps the route at its place and lets it answer 503: a route that vanished would leave its traffic to a broader one. Among
 * predicates it also puts the route behind all others of its host and path, because it may take more than it was meant to.
 */
export function unreadable(thrown: unknown): Call {
  return { name: NAME, args: [messageOf(thrown)] };
}

export function isUnreadable(call: Call | undefined): boolean {
  return call?.name === NAME;
}
