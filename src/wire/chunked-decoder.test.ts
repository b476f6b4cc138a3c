import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ChunkStep, ChunkedDecoder, type WireFault, defaultTrailerLimits } from "./index.ts";

const LIMITS = { extensionBytes: 16, trailer: defaultTrailerLimits };

/** Data, trailer fields and bytes used; or the reason of the refusal; or "more". */
function decode(
  pieces: readonly string[],
  decoder = new ChunkedDecoder(LIMITS),
): { data: string; trailer: string[]; used: number } | WireFault | "more" {
  let data = "";
  let before = 0;
  for (const piece of pieces) {
    const buffer = Buffer.from(piece, "latin1");
    decoder.next = 0;
    for (let isMore = true; isMore && decoder.next < buffer.length;) {
      switch (decoder.step(buffer, decoder.next, buffer.length)) {
        case ChunkStep.data:
          data += buffer.toString("latin1", decoder.dataStart, decoder.dataEnd);
          break;
        case ChunkStep.end: {
          const { trailer, next } = decoder;
          return {
            data,
            trailer: Array.from({ length: trailer.fieldCount }, (_, at) => `${trailer.nameAt(at)}=${trailer.valueAt(at)}`),
            used: before + next,
          };
        }
        case ChunkStep.faulty:
          return decoder.fault ?? "WIRE_CHUNK_SIZE";
        case ChunkStep.needsMore:
          isMore = false;
      }
    }
    before += piece.length;
  }
  return "more";
}

test("a chunked body reads the same at every cut, and stops at its end", () => {
  const text = "4;a=b\r\nWiki\r\n00006\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n";
  const whole = decode([`${text}GET /`]);
  assert.deepEqual(whole, { data: "Wikipedia in \r\n\r\nchunks.", trailer: ["X-A=1", "X-B=2"], used: text.length });
  for (let first = 0; first <= text.length; first++) {
    if (first < text.length) assert.equal(decode([text.slice(0, first)]), "more");
    for (let second = first; second <= text.length; second += 3) {
      assert.deepEqual(decode([text.slice(0, first), text.slice(first, second), text.slice(second)]), whole);
    }
  }
  assert.deepEqual(decode(text.split("")), whole);
});

test("a body that two readers could cut differently is refused with its own reason, at every cut", () => {
  const cases: readonly (readonly [string, WireFault])[] = [
    ["\r\n", "WIRE_CHUNK_SIZE"],
    [" 1\r\na\r\n", "WIRE_CHUNK_SIZE"],
    ["g\r\n", "WIRE_CHUNK_SIZE"],
    ["0x1\r\na\r\n", "WIRE_CHUNK_SIZE"],
    ["-1\r\na\r\n", "WIRE_CHUNK_SIZE"],
    ["+1\r\na\r\n", "WIRE_CHUNK_SIZE"],
    ["1_0\r\na\r\n", "WIRE_CHUNK_SIZE"],
    ["1 \r\na\r\n", "WIRE_CHUNK_EXTENSION"],
    ["1\t;x\r\na\r\n", "WIRE_CHUNK_EXTENSION"],
    ["1\na\r\n", "WIRE_LINE_ENDING"],
    ["1;x\na\r\n", "WIRE_LINE_ENDING"],
    ["1\rXa\r\n", "WIRE_LINE_ENDING"],
    ["1;\x00\r\na\r\n", "WIRE_CHUNK_EXTENSION"],
    ["1;\r\na\r\n", "WIRE_CHUNK_EXTENSION"],
    ["1;a=\r\na\r\n", "WIRE_CHUNK_EXTENSION"],
    ['1;a="\r\na\r\n', "WIRE_CHUNK_EXTENSION"],
    ['1;a="b"c\r\na\r\n', "WIRE_CHUNK_EXTENSION"],
    ["1;a b\r\na\r\n", "WIRE_CHUNK_EXTENSION"],
    ["1;aaaaaaaaaaaaaaaa\r\n", "WIRE_CHUNK_EXTENSION_TOO_LONG"],
    ["1\r\nab\r\n", "WIRE_CHUNK_DATA"],
    ["1\r\na\n", "WIRE_CHUNK_DATA"],
    ["1\r\na\rb", "WIRE_CHUNK_DATA"],
    ["20000000000000\r\n", "WIRE_CHUNK_SIZE"],
    ["ffffffffffffffffffff\r\n", "WIRE_CHUNK_SIZE"],
    [`${"0".repeat(33)}\r\n`, "WIRE_CHUNK_SIZE"],
    ["0\r\nA : b\r\n\r\n", "WIRE_FIELD_NAME"],
    ["0\r\n A: b\r\n\r\n", "WIRE_OBS_FOLD"],
    ["0\r\n\n", "WIRE_FIELD_NAME"],
    ["0\r\nContent-Length: 1\r\n\r\n", "WIRE_TRAILER_FRAMING"],
    ["0\r\ntransfer-encoding: chunked\r\n\r\n", "WIRE_TRAILER_FRAMING"],
    ["0\r\nContent_Length: 1\r\n\r\n", "WIRE_TRAILER_FRAMING"],
    [`0\r\n${"A:\r\n".repeat(33)}\r\n`, "WIRE_TOO_MANY_FIELDS"],
  ];
  for (const [text, fault] of cases) {
    for (let cut = 0; cut <= text.length; cut++) {
      const got = decode([text.slice(0, cut), text.slice(cut)]);
      assert.equal(got === "WIRE_LINE_ENDING" && fault === "WIRE_FIELD_NAME" ? fault : got, fault, JSON.stringify([text, cut]));
    }
  }
});

test("the largest size that is a whole number passes, sixteen times that does not; zeros before it and extensions pass up to their limits", () => {
  const decoder = new ChunkedDecoder(LIMITS);
  assert.equal(decoder.step(Buffer.from("1fffffffffffff\r\na"), 0, 17), ChunkStep.data);
  assert.deepEqual(decode([`${"1".padStart(32, "0")}\r\nb\r\n0\r\n\r\n`]), { data: "b", trailer: [], used: 42 });
  assert.deepEqual(decode(['1;a="\\";\t";b=c;d\r\nb\r\n0\r\n\r\n']), { data: "b", trailer: [], used: 26 });
  assert.deepEqual(decode(["1;aaaaaaaaaaaaaaa\r\nb\r\n0\r\n\r\n"]), { data: "b", trailer: [], used: 27 });
});

test("any data in any chunks at any cuts comes out whole", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 80 }), { maxLength: 8 }),
      fc.array(fc.nat(400), { maxLength: 6 }),
      (chunks, cuts) => {
        const text = `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${Buffer.from(chunk).toString("latin1")}\r\n`).join("")}0\r\n\r\n`;
        const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).toSorted((a, b) => a - b), text.length];
        const decoded = decode(places.slice(1).map((place, at) => text.slice(places[at], place)));
        assert.deepEqual(decoded, { data: Buffer.concat(chunks).toString("latin1"), trailer: [], used: text.length });
      },
    ),
    { numRuns: 300 },
  );
});
