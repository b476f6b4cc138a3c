import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";

import { VALUE, valueEnd } from "./bytes.ts";

test("the end of a value is where a look at each byte finds it, wherever the value starts and ends", () => {
  const byte = fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.constantFrom(0, 9, 10, 13, 0x1f, 0x20, 0x7f, 0x80, 0x9f, 0xa0, 0xff));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 24 }), fc.nat(4), fc.nat(4), (bytes, before, behind) => {
      const buffer = Buffer.from(bytes);
      const start = Math.min(before, buffer.length);
      const end = Math.max(start, buffer.length - behind);
      let expected = start;
      while (expected < end && VALUE[buffer[expected] as number] === 1) expected++;
      const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
      assert.equal(valueEnd(buffer, view, start, end), expected);
    }),
    { numRuns: 5_000 },
  );
});
