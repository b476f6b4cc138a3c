import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../kernel/index.ts";
import {
  BodyFraming,
  ChunkStep,
  ChunkedDecoder,
  FAULTY,
  Framing,
  HeadParser,
  NEEDS_MORE,
  defaultHeadLimits,
  defaultTrailerLimits,
} from "./index.ts";
import { Llhttp } from "./testing/llhttp.ts";

const SEED = 20_171_005;
const MESSAGES = 20_000;

interface Reading {
  readonly fields: string[];
  readonly body: string;
}

/** Our reading of exactly one request, undefined when it is refused or not whole. */
function read(text: string): Reading | undefined {
  const buffer = Buffer.from(text, "latin1");
  const parser = new HeadParser("request", defaultHeadLimits);
  const { head } = parser;
  const framing = new BodyFraming();
  const bodyStart = parser.push(buffer, 0, buffer.length);
  if (bodyStart === FAULTY || bodyStart === NEEDS_MORE || !framing.ofRequest(head)) return undefined;
  const fields: string[] = [];
  for (let index = 0; index < head.fieldCount; index++) fields.push(head.nameAt(index), head.valueAt(index));
  if (framing.framing !== Framing.chunked) {
    const end = bodyStart + framing.lengthBytes;
    return end === buffer.length ? { fields, body: buffer.toString("latin1", bodyStart, end) } : undefined;
  }
  const decoder = new ChunkedDecoder({ extensionBytes: 1_000, trailer: defaultTrailerLimits });
  let body = "";
  decoder.next = bodyStart;
  for (;;) {
    switch (decoder.step(buffer, decoder.next, buffer.length)) {
      case ChunkStep.data:
        body += buffer.toString("latin1", decoder.dataStart, decoder.dataEnd);
        break;
      case ChunkStep.end:
        for (let index = 0; index < decoder.trailer.fieldCount; index++)
          fields.push(decoder.trailer.nameAt(index), decoder.trailer.valueAt(index));
        return decoder.next === buffer.length ? { fields, body } : undefined;
      case ChunkStep.needsMore:
      case ChunkStep.faulty:
        return undefined;
    }
  }
}

const BASES = [
  "GET /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nT: u\r\n\r\n",
  "PUT /x HTTP/1.0\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok",
];
const INSERTS = [
  "\r",
  "\n",
  "\r\n",
  " ",
  "\t",
  "\0",
  ":",
  ";",
  ",",
  "0",
  "1",
  "chunked",
  "Content-Length: 1\r\n",
  "Transfer-Encoding: chunked\r\n",
  "\x0b",
  "\x80",
  "x",
  "\r\n\r\n",
  "+",
  "-",
];

function mutate(base: string, random: () => number): string {
  let text = base;
  const times = 1 + Math.floor(random() * 3);
  for (let time = 0; time < times; time++) {
    const at = Math.floor(random() * (text.length + 1));
    const insert = random() < 0.7 ? (INSERTS[Math.floor(random() * INSERTS.length)] as string) : "";
    const removed = Math.floor(random() * 3);
    text = text.slice(0, at) + insert + text.slice(at + removed);
  }
  return text;
}

test(`what we accept llhttp reads the same way: ${MESSAGES} mutated requests, seed ${SEED}`, () => {
  const random = seededRandom(SEED);
  const llhttp = new Llhttp();
  let accepted = 0;
  let stricter = 0;
  for (let count = 0; count < MESSAGES; count++) {
    const text = mutate(BASES[count % BASES.length] as string, () => random.next());
    const ours = read(text);
    const theirs = llhttp.read(text);
    if (ours === undefined) {
      if (theirs.error === 0 && theirs.isComplete) stricter++;
      continue;
    }
    // llhttp has a fixed list of methods and of protocol forms that begin with one; a token is enough for us.
    if (theirs.error !== 0 && !/^(?:\r\n)?(?:GET|POST|PUT) \//.test(text)) continue;
    // It does not take a tab behind a length, which RFC 9110 section 5.5 has as white space; we send the value on without it.
    if (theirs.error !== 0 && /\r\nContent-Length:[ \t]*\d+[ \t]*\t[ \t]*\r\n/i.test(text)) continue;
    accepted++;
    assert.equal(theirs.error, 0, JSON.stringify(text));
    assert.ok(theirs.isComplete, JSON.stringify(text));
    assert.equal(theirs.body, ours.body, JSON.stringify(text));
    assert.deepEqual(
      theirs.fields.map((part) => part.replace(/[ \t]+$/, "")),
      ours.fields,
      JSON.stringify(text),
    );
  }
  assert.ok(accepted > MESSAGES / 50, `only ${accepted} of them are valid: the mutations are too wild to show anything`);
  assert.ok(stricter > 0, "llhttp is known to take forms that are refused here");
});
