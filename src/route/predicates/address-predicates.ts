import { AddressRanges, forwardedAddress } from "../address-ranges.ts";
import type { CallArguments } from "../arguments.ts";
import { type MatchInput, type Predicate, type PredicateSpec, definePredicate } from "../predicate.ts";

const family = "Addresses";
const parameters = [{ name: "range", type: "text", what: "an address or a block, as in `10.2.0.0/16`", occurs: "repeated" }] as const;

function addresses(args: CallArguments, addressOf: (input: MatchInput) => string): Predicate {
  const ranges = new AddressRanges();
  for (const range of args.texts()) if (!ranges.add(range)) throw args.refusal("addresses or ranges as in 10.2.0.0/16");
  return { matches: (input) => ranges.has(addressOf(input)) };
}

const BELIEVED =
  "X-Forwarded-For is heeded only from a trusted proxy; else the address of the connection counts. Skipper believes everybody, and so lets clients choose their address.";

/** Predicates that look at where a request came from. */
export const addressPredicates: readonly PredicateSpec[] = [
  definePredicate({
    name: "Source",
    family,
    does: "requests whose first address in X-Forwarded-For is in one of these ranges; without that field, the client's address.",
    parameters,
    deviations: [
      BELIEVED,
      "Behind a proxy that appends to X-Forwarded-For, as an ALB does, the first entry is what the client wrote: use `ClientIP` to protect something.",
    ],
    create: (args) =>
      addresses(args, ({ forwardedFor, clientAddress }) => {
        if (forwardedFor === undefined) return clientAddress;
        const comma = forwardedFor.indexOf(",");
        return forwardedAddress(comma < 0 ? forwardedFor : forwardedFor.slice(0, comma)) ?? clientAddress;
      }),
  }),
  definePredicate({
    name: "SourceFromLast",
    family,
    does: "requests whose last address in X-Forwarded-For is in one of these ranges; without that field, the client's address.",
    parameters,
    deviations: [BELIEVED],
    create: (args) =>
      addresses(args, ({ forwardedFor, clientAddress }) => {
        if (forwardedFor === undefined) return clientAddress;
        return forwardedAddress(forwardedFor.slice(forwardedFor.lastIndexOf(",") + 1)) ?? clientAddress;
      }),
  }),
  definePredicate({
    name: "ClientIP",
    family,
    does: "requests of clients in one of these ranges.",
    parameters,
    deviations: [
      "The client's address is that of the connection, or behind trusted proxies the last one in X-Forwarded-For that is no trusted proxy. Skipper takes the connection's, which behind a load balancer is the load balancer's.",
    ],
    create: (args) => addresses(args, ({ clientAddress }) => clientAddress),
  }),
];
