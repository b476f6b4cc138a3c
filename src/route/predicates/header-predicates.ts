import { createHash, timingSafeEqual } from "node:crypto";
import { baggageValue } from "../baggage.ts";
import { cookieIn } from "../cookies.ts";
import { findHeader, getHeader } from "../header-list.ts";
import { type MatchInput, type PredicateSpec, definePredicate } from "../predicate.ts";

/** Whether a line with this name has a value that `accepts` takes. */
function anyHeader(input: MatchInput, name: string, accepts: (value: string) => boolean): boolean {
  const lines = input.requestHeaders;
  for (let at = findHeader(lines, name); at >= 0; at = findHeader(lines, name, at + 2)) {
    if (accepts(lines[at + 1] as string)) return true;
  }
  return false;
}

/** The value of a cookie, from any Cookie line (RFC 6265 section 5.4); undefined when it is not there. */
export function cookieValue(input: MatchInput, name: string): string | undefined {
  let found: string | undefined;
  anyHeader(input, "cookie", (line) => (found = cookieIn(line, name)) !== undefined);
  return found;
}

const family = "Fields of the request";
const name = { name: "name", type: "text", what: "of the field; case does not count" } as const;

/** Predicates that look at one field of the request. */
export const headerPredicates: readonly PredicateSpec[] = [
  definePredicate({
    name: "Header",
    family,
    does: "requests with a line of this field whose value is this one.",
    parameters: [name, { name: "value", type: "text", what: "the whole value", isSecret: "by name" }],
    create(args) {
      const [field, expected] = [args.text(0), args.text(1)];
      return { matches: (input) => anyHeader(input, field, (value) => value === expected) };
    },
  }),
  definePredicate({
    name: "HeaderRegexp",
    family,
    does: "requests with a line of this field whose value the expression matches.",
    parameters: [name, { name: "value", type: "expression", what: "found anywhere in the value unless anchored", isSecret: "by name" }],
    create(args) {
      const [field, regexp] = [args.text(0), args.expression(1)];
      return { matches: (input) => anyHeader(input, field, (value) => regexp.test(value)) };
    },
  }),
  definePredicate({
    name: "HeaderSHA256",
    family,
    does: "requests whose field has a value with one of these SHA-256 hashes: routes can name a key without telling it.",
    parameters: [name, { name: "hash", type: "text", what: "64 hexadecimal digits", occurs: "repeated" }],
    deviations: ["A field that stands on several lines never matches; Skipper looks at the first."],
    create(args) {
      const hashes = args.texts(1).map((text) => {
        if (!/^[0-9A-Fa-f]{64}$/.test(text)) throw args.refusal("hashes of 64 hexadecimal digits");
        return Buffer.from(text, "hex");
      });
      const field = args.text(0);
      return {
        matches({ requestHeaders }) {
          const at = findHeader(requestHeaders, field);
          if (at < 0 || requestHeaders[at + 1] === "" || findHeader(requestHeaders, field, at + 2) >= 0) return false;
          // Fields are kept as bytes, one character each.
          const hash = createHash("sha256")
            .update(requestHeaders[at + 1] as string, "latin1")
            .digest();
          return hashes.some((known) => timingSafeEqual(known, hash));
        },
      };
    },
  }),
  definePredicate({
    name: "Cookie",
    family,
    does: "requests with this cookie, whose value the expression matches.",
    parameters: [
      { name: "name", type: "text", what: "of the cookie" },
      { name: "value", type: "expression", what: "on the value, quotes around it left out", isSecret: "by name" },
    ],
    create(args) {
      const [cookie, regexp] = [args.text(0), args.expression(1)];
      return {
        matches(input) {
          const value = cookieValue(input, cookie);
          return value !== undefined && regexp.test(value);
        },
      };
    },
  }),
  definePredicate({
    name: "ContentLengthBetween",
    family,
    does: "requests that say how long their body is, when that is in the range.",
    parameters: [
      { name: "min", type: "number", what: "bytes, from this one on", range: [0, Number.MAX_SAFE_INTEGER] },
      { name: "max", type: "number", what: "bytes, up to and without this one; more than `min`", range: [1, Number.MAX_SAFE_INTEGER] },
    ],
    deviations: [
      "A request without Content-Length does not match, as Skipper's documentation says. Its code takes one without a body for length 0.",
    ],
    create(args) {
      const [min, max] = [Math.trunc(args.number(0)), Math.trunc(args.number(1))];
      if (max <= min) throw args.refusal("max more than min");
      return {
        matches({ requestHeaders }) {
          const text = getHeader(requestHeaders, "content-length");
          const length = text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : -1;
          return length >= min && length < max;
        },
      };
    },
  }),
  definePredicate({
    name: "OTelBaggage",
    family,
    does: "requests whose `baggage` field has this key.",
    parameters: [
      { name: "key", type: "text", what: "of the member; case counts" },
      { name: "value", type: "text", what: "of the member, percent-decoded; left out: any", occurs: "optional" },
    ],
    source: "https://www.w3.org/TR/baggage/",
    create(args) {
      const [key, expected] = [args.text(0), args.optionalText(1)];
      return {
        matches({ requestHeaders }) {
          const value = baggageValue(requestHeaders, key);
          return value !== undefined && (expected === undefined || value === expected);
        },
      };
    },
  }),
];
