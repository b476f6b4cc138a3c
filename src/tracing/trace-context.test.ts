import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import { formatTraceparent, parseTraceparent } from "./trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

test("a traceparent says trace, span and whether it is recorded", () => {
  deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`), { traceId: TRACE, spanId: SPAN, isSampled: true });
  deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-00`), { traceId: TRACE, spanId: SPAN, isSampled: false });
  // Other flags are reserved; a later version may have more behind.
  equal(parseTraceparent(`00-${TRACE}-${SPAN}-fe`)?.isSampled, false);
  equal(parseTraceparent(`cc-${TRACE}-${SPAN}-03-more`)?.isSampled, true);
  const value = `00-${TRACE}-${SPAN}-01`;
  equal(formatTraceparent(parseTraceparent(value) ?? { traceId: "", spanId: "", isSampled: false }), value);
});

test("what is no traceparent is none", () => {
  const wrong = [
    "",
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01 `,
    `00-${TRACE}-${SPAN}-1`,
    `cc-${TRACE}-${SPAN}-01more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `0-${TRACE}-${SPAN}-01`,
  ];
  for (const value of wrong) equal(parseTraceparent(value), undefined, value);
});
