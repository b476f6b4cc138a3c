import type { WireFault } from "../../src/wire/index.ts";
import type { LlhttpKind, LlhttpMessage } from "../../src/wire/testing/llhttp.ts";

/** A message that we take as whole and llhttp does not, or reads otherwise. */
interface Lenient {
  readonly message: LlhttpMessage;
  /** What llhttp reads, when it is whole to it as well. */
  readonly theirs: LlhttpMessage | undefined;
  /** What llhttp says, empty when it only reads another message. */
  readonly error: string;
}

/** A reason, and a message that shows it. */
interface Stricter {
  readonly why: string;
  readonly kind: LlhttpKind;
  readonly example: string;
}

/** Each class of difference, once, with the RFC that explains it. */
export interface KnownDifferences {
  /** Why we refuse what llhttp takes, by our reason. A fault that is not here must be one of llhttp's too. */
  readonly stricter: Readonly<Partial<Record<WireFault, Stricter>>>;
  /** Why llhttp refuses, or reads otherwise, what we take. */
  readonly looser: readonly { readonly why: string; readonly is: (one: Lenient) => boolean }[];
  /** Why llhttp frames a message otherwise than we do: then it takes for content what we refuse, or wait for the rest of. */
  readonly framedOtherwise: { readonly why: string; readonly is: (theirs: LlhttpMessage) => boolean };
}

const stricter: KnownDifferences["stricter"] = {
  WIRE_START_LINE: {
    why: "RFC 9112 sections 3 and 4: three parts in a request line, so no HTTP/0.9; and no control character in a reason phrase, DEL among them",
    kind: "request",
    example: "GET /\r\n\r\n",
  },
  WIRE_TARGET: {
    why: "RFC 9112 section 3.2, RFC 3986 appendix A: bytes a target can not have are refused, not recovered from; nor is a fragment",
    kind: "request",
    example: "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
  },
  WIRE_TARGET_FORM: {
    why: "RFC 9112 section 3.2: llhttp does not look whether the form of a target goes with the method, or the host is one",
    kind: "request",
    example: "GET http://a:80x/ HTTP/1.1\r\nHost: a\r\n\r\n",
  },
  WIRE_VERSION: {
    why: "RFC 9112 sections 2.3 and 3: one SP and HTTP/DIGIT.DIGIT; llhttp skips spaces and takes other protocols",
    kind: "request",
    example: "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
  },
  WIRE_VERSION_UNSUPPORTED: {
    why: "RFC 9112 section 2.3: llhttp takes 0.9 and 2.0 as well, whose messages are not these",
    kind: "request",
    example: "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
  },
  WIRE_STATUS: {
    why: "RFC 9110 section 15: a status is from 100 to 599; llhttp takes any three digits",
    kind: "response",
    example: "HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n",
  },
  WIRE_LINE_ENDING: {
    why: "RFC 9112 section 2.2: a line ends with CR LF; llhttp takes a bare LF behind HTTP/0.9's request line and any number of them before one",
    kind: "request",
    example: "\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  },
  WIRE_HOST: {
    why: "RFC 9112 section 3.2: llhttp does not look at Host, which must be there once and be a host",
    kind: "request",
    example: "GET / HTTP/1.1\r\n\r\n",
  },
  WIRE_CONTENT_LENGTH: {
    why: "RFC 9110 section 8.6: llhttp takes lengths up to 2^64-1; past 2^53-1 a number here is not exact",
    kind: "response",
    example: "HTTP/1.1 304 X\r\nContent-Length: 9007199254740993\r\n\r\n",
  },
  WIRE_FRAMING_LOOKALIKE: {
    why: "RFC 3875 section 4.1.18: another field to llhttp, and Content-Length itself to a back end behind CGI",
    kind: "request",
    example: "GET / HTTP/1.1\r\nHost: a\r\nContent_Length: 1\r\n\r\n",
  },
  WIRE_LENGTH_AND_CODING: {
    why: "RFC 9112 sections 6.1 and 7: both together may be refused, and are; llhttp takes a Transfer-Encoding without a value for none",
    kind: "response",
    example: "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\nContent-Length: 0\r\n\r\n",
  },
  WIRE_CODING_REPEATED: {
    why: "RFC 9110 section 5.3: llhttp joins what stands in two lines; others take one of them",
    kind: "request",
    example: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  },
  WIRE_CODING_IN_HTTP10: {
    why: "RFC 9112 section 6.1: its framing is to be treated as faulty; llhttp reads it",
    kind: "request",
    example: "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  },
  WIRE_CODING_UNSUPPORTED: {
    why: "RFC 9112 section 6.1: llhttp reads what ends with chunked, and other answers until the connection ends",
    kind: "request",
    example: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
  },
  WIRE_CHUNK_SIZE: {
    why: "RFC 9112 section 7.1: a recipient must mind large sizes; llhttp's can go to 2^64-1 and zeros before them on and on",
    kind: "request",
    example: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n000000000000000000000000000000000\r\n\r\n",
  },
  WIRE_CHUNK_EXTENSION: {
    why: "RFC 9112 section 7.1.1: llhttp takes an extension without a name and white space where the grammar has none",
    kind: "request",
    example: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;=y\r\nx\r\n0\r\n\r\n",
  },
  WIRE_TRAILER_FRAMING: {
    why: "RFC 9110 section 6.5.1: a trailer section must not have fields for framing; llhttp does not look",
    kind: "request",
    example: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent_Length: 1\r\n\r\n",
  },
};

const FRAMING = /^(?:content-length|transfer-encoding)$/i;

const framedOtherwise: KnownDifferences["framedOtherwise"] = {
  why: "RFC 9110 section 5.5: HTAB behind a value is white space; llhttp does not take one behind a length or a coding",
  is: ({ fields }) => fields.some((part) => /^chunked *\t[ \t]*$/i.test(part)),
};

const looser: KnownDifferences["looser"] = [
  {
    why: "RFC 9110 section 9.1: any token is a method; llhttp has a list",
    is: ({ error }) => error === "HPE_INVALID_METHOD",
  },
  {
    why: framedOtherwise.why,
    is: ({ error, theirs }) =>
      error === "HPE_INVALID_CONTENT_LENGTH" ||
      error === "HPE_INVALID_TRANSFER_ENCODING" ||
      (theirs !== undefined && framedOtherwise.is(theirs)),
  },
  {
    why: "RFC 9112 section 6.3: an interim response has no content, whatever it says of a length; llhttp reads one",
    is: ({ message }) => message.status >= 100 && message.status < 200 && message.fields.some((part) => FRAMING.test(part)),
  },
];

export const knownDifferences: KnownDifferences = { stricter, looser, framedOtherwise };
