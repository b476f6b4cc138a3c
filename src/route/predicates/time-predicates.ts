import type { CallArguments } from "../arguments.ts";
import { CronMask } from "../cron-mask.ts";
import { type PredicateSpec, definePredicate } from "../predicate.ts";
import { readInstant } from "../instant.ts";

const family = "Time";
const TIME =
  'RFC 3339 with an offset, as in `"2016-01-01T12:00:00+02:00"`, or without one when there is a location, or a number of seconds since 1970';
const location = { name: "location", type: "text", what: "of the time zone database, as in `Europe/Berlin`", occurs: "optional" } as const;

function instant(args: CallArguments, at: number, zone: string | undefined): number {
  const ms = readInstant(args.raw(at) ?? "", zone);
  if (ms === undefined) throw args.refusal('times as in "2016-01-01T12:00:00+02:00", 1451642400, or "2016-01-01T12:00:00" with a location');
  return ms;
}

/** Predicates on the time of the request. */
export const timePredicates: readonly PredicateSpec[] = [
  definePredicate({
    name: "After",
    family,
    does: "requests at or after this time.",
    parameters: [{ name: "time", type: "time", what: TIME }, location],
    create(args) {
      const from = instant(args, 0, args.optionalText(1));
      return { matches: ({ nowMs }) => nowMs >= from };
    },
  }),
  definePredicate({
    name: "Before",
    family,
    does: "requests before this time.",
    parameters: [{ name: "time", type: "time", what: TIME }, location],
    create(args) {
      const until = instant(args, 0, args.optionalText(1));
      return { matches: ({ nowMs }) => nowMs < until };
    },
  }),
  definePredicate({
    name: "Between",
    family,
    does: "requests from the first time on, before the second.",
    parameters: [
      { name: "from", type: "time", what: TIME },
      { name: "until", type: "time", what: "the same; later than `from`" },
      location,
    ],
    create(args) {
      const zone = args.optionalText(2);
      const [from, until] = [instant(args, 0, zone), instant(args, 1, zone)];
      if (until <= from) throw args.refusal("until later than from");
      return { matches: ({ nowMs }) => nowMs >= from && nowMs < until };
    },
  }),
  definePredicate({
    name: "Cron",
    family,
    does: "requests in the minutes the expression names, in the time zone of this process (`TZ`). All five fields must hold.",
    parameters: [
      {
        name: "expression",
        type: "text",
        what: "minute, hour, day of month, month, day of week (0 is Sunday): `*`, numbers, ranges and lists of these",
      },
    ],
    create(args) {
      const mask = CronMask.parse(args.text(0));
      if (typeof mask === "string") throw args.refusal(mask);
      return { matches: ({ nowMs }) => mask.matches(nowMs) };
    },
  }),
];
