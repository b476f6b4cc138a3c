import { type Duplex, Transform, type TransformCallback } from "node:stream";
import {
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createDeflate,
  createGunzip,
  createGzip,
  createInflate,
  createZstdCompress,
  createZstdDecompress,
} from "node:zlib";
import type { CallArguments } from "../arguments.ts";
import { type Filter, type FilterContext, type FilterSpec, defineFilter } from "../filter.ts";
import { type HeaderList, getHeader, removeHeader, setHeader } from "../header-list.ts";

const family = "Bodies";
const USUAL_TYPES = [
  "text/plain",
  "text/html",
  "application/json",
  "application/javascript",
  "application/x-javascript",
  "text/javascript",
  "text/css",
  "image/svg+xml",
  "application/octet-stream",
];
/** That of br, the longest scale. */
const MOST_LEVEL = 11;
/** More codings on one response than this are not undone. */
const MAX_CODINGS = 3;

interface Coding {
  readonly compress: (level: number) => Duplex;
  readonly decompress: () => Duplex;
}

// What is written is flushed at once: a response that comes piece by piece (events, a slow list) goes on doing so. By preference.
const codings: ReadonlyMap<string, Coding> = new Map([
  [
    "br",
    {
      compress: (level) =>
        createBrotliCompress({ flush: constants.BROTLI_OPERATION_FLUSH, params: { [constants.BROTLI_PARAM_QUALITY]: level } }),
      decompress: () => createBrotliDecompress(),
    },
  ],
  [
    "zstd",
    {
      compress: (level) =>
        createZstdCompress({
          flush: constants.ZSTD_e_flush,
          params: { [constants.ZSTD_c_compressionLevel]: Math.max(1, level) },
        }),
      decompress: () => createZstdDecompress(),
    },
  ],
  [
    "gzip",
    { compress: (level) => createGzip({ flush: constants.Z_SYNC_FLUSH, level: zlibLevel(level) }), decompress: () => createGunzip() },
  ],
  [
    "deflate",
    { compress: (level) => createDeflate({ flush: constants.Z_SYNC_FLUSH, level: zlibLevel(level) }), decompress: () => createInflate() },
  ],
]);

/** Their own scale ends before that of br. */
function zlibLevel(level: number): number {
  return Math.min(9, level);
}

/** The coding the client likes best of those we have (RFC 9110 section 12.5.3); undefined for none. */
function accepted(field: string | undefined): string | undefined {
  if (field === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const item of field.toLowerCase().split(",")) {
    const [, name = "", weight] = /^[ \t]*([!#$%&'*+\-.^_`|~0-9a-z]+)[ \t]*(?:;[ \t]*q=([01](?:\.[0-9]{0,3})?)[ \t]*)?$/.exec(item) ?? [];
    if (name !== "") weights.set(name === "x-gzip" ? "gzip" : name, weight === undefined ? 1 : Math.min(1, Number(weight)));
  }
  let best: string | undefined;
  let most = 0;
  for (const name of codings.keys()) {
    const weight = weights.get(name) ?? weights.get("*") ?? 0;
    if (weight > most) [best, most] = [name, weight];
  }
  return most >= (weights.get("identity") ?? 0) ? best : undefined;
}

function mediaType(headers: HeaderList): string {
  return (getHeader(headers, "content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

/** Whether the body is a whole one, not yet encoded, that may be changed on its way (RFC 9111 section 5.2.2.6). */
function mayBeEncoded({ responseStatus, responseHeaders }: FilterContext): boolean {
  if (responseStatus === 204 || responseStatus === 206 || responseStatus === 304) return false;
  const encoding = getHeader(responseHeaders, "content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity" || getHeader(responseHeaders, "content-range") !== undefined) return false;
  return !/(?:^|,)[ \t]*no-transform[ \t]*(?:,|$)/i.test(getHeader(responseHeaders, "cache-control") ?? "");
}

/** The same representation in other bytes: no longer the same to who compares bytes, nor to be asked for in parts. */
function changedBytes(headers: HeaderList): void {
  const tag = getHeader(headers, "etag");
  if (tag?.startsWith('"') === true) setHeader(headers, "ETag", `W/${tag}`);
  removeHeader(headers, "accept-ranges");
}

function addVary(headers: HeaderList): void {
  const vary = getHeader(headers, "vary");
  if (vary === undefined) headers.push("Vary", "Accept-Encoding");
  else if (!/(?:^|,)[ \t]*(?:accept-encoding|\*)[ \t]*(?:,|$)/i.test(vary)) setHeader(headers, "Vary", `${vary}, Accept-Encoding`);
}

function readTypes(args: CallArguments): ReadonlySet<string> {
  const given = args.texts(typeof args.raw(0) === "number" ? 1 : 0);
  if (given.some((type, at) => !(at === 0 && type === "...") && !/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(type))) {
    throw args.refusal('media types as in "text/html", or "..." in front for the usual ones too');
  }
  if (given.length === 0) return new Set(USUAL_TYPES);
  return new Set(given[0] === "..." ? [...USUAL_TYPES, ...given.slice(1)] : given);
}

function compress(args: CallArguments): Filter {
  const first = args.raw(0);
  const level = typeof first === "number" ? first : 1;
  if (!Number.isInteger(level) || level < 0 || level > MOST_LEVEL) throw args.refusal(`a level of 0 to ${MOST_LEVEL}`);
  const types = readTypes(args);
  return {
    response(context) {
      const { requestHeaders, responseHeaders } = context;
      if (!types.has(mediaType(responseHeaders)) || !mayBeEncoded(context)) return;
      addVary(responseHeaders);
      const name = accepted(getHeader(requestHeaders, "accept-encoding"));
      const coding = codings.get(name ?? "");
      if (name === undefined || coding === undefined) return;
      setHeader(responseHeaders, "Content-Encoding", name);
      changedBytes(responseHeaders);
      context.transformResponse(coding.compress(level));
    },
  };
}

/** A decoder that is made for the first byte: a body without any is no error, whatever its coding. */
class Decoder extends Transform {
  readonly #make: () => Duplex;
  #inner: Duplex | undefined = undefined;

  constructor(make: () => Duplex) {
    super();
    this.#make = make;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#inner ??= this.#open();
    // Done when the decoder has room again: what a few bytes unfold to waits in it.
    this.#inner.write(chunk, (error) => done(error));
  }

  override _read(size: number): void {
    this.#inner?.resume();
    super._read(size);
  }

  override _flush(done: TransformCallback): void {
    if (this.#inner === undefined) {
      done();
      return;
    }
    this.#inner.once("end", () => done());
    this.#inner.end();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#inner?.destroy();
    done(error);
  }

  #open(): Duplex {
    const inner = this.#make();
    inner.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) inner.pause();
    });
    inner.on("error", (error) => this.destroy(error));
    return inner;
  }
}

/** Filters that encode and decode bodies. */
export const compressionFilters: readonly FilterSpec[] = [
  defineFilter({
    name: "compress",
    family,
    does: "compresses the response with br, zstd, gzip or deflate, as the client likes best (Accept-Encoding), if it is of one of the types and not encoded yet.",
    parameters: [
      {
        name: "level or type",
        type: "text",
        what: `first, if wanted, a level of 0 to 11 (left out: 1; gzip and deflate take 9 for more); then media types, with \`...\` as the first for the usual ones too; left out: ${USUAL_TYPES.join(", ")}`,
        occurs: "any",
      },
    ],
    deviations: [
      "Responses with `Cache-Control: no-transform` and parts (206) stay as they are.",
      "A strong ETag is made a weak one and Accept-Ranges goes, as the bytes are others (RFC 9110 section 8.8.3.3).",
      "The order of preference is br, zstd, gzip, deflate; no option changes it.",
    ],
    create: compress,
  }),
  defineFilter({
    name: "decompress",
    family,
    does: "decompresses a response that came in br, zstd, gzip or deflate.",
    parameters: [],
    deviations: [
      `A response in a coding it does not know, or in more than ${MAX_CODINGS}, stays as it is; nothing is noted for other filters.`,
      "One that is not valid in its coding breaks off.",
    ],
    create: () => ({
      response(context) {
        const { responseHeaders, responseStatus } = context;
        if (responseStatus === 204 || responseStatus === 206 || responseStatus === 304) return;
        const names = (getHeader(responseHeaders, "content-encoding") ?? "").toLowerCase().split(/[ \t]*,[ \t]*/);
        const known = names.map((name) => codings.get(name === "x-gzip" ? "gzip" : name.trim()));
        if (names.length > MAX_CODINGS || !known.every((coding) => coding !== undefined)) return;
        removeHeader(responseHeaders, "content-encoding");
        changedBytes(responseHeaders);
        for (const coding of known.toReversed()) context.transformResponse(new Decoder(coding.decompress));
      },
    }),
  }),
];
