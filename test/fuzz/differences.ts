import type { WireFault } from "../../src/wire/index.ts";
import type { LlhttpMessage } from "../../src/wire/testing/llhttp.ts";

/** A message that we take as whole and llhttp does not, or reads otherwise. */
interface Lenient {
  readonly message: LlhttpMessage;
  /** What llhttp reads, when it is whole to it as well. */
  readonly theirs: LlhttpMessage | undefined;
  /** What llhttp says, empty when it only reads another message. */
  readonly error: string;
}

/** Each class of difference, once, with the RFC that explains it. */
export interface KnownDifferences {
  /** Why we refuse what llhttp takes, by our reason. A fault that is not here must be one of llhttp's too. */
  readonly stricter: Readonly<Partial<Record<WireFault, string>>>;
  /** Why llhttp refuses, or reads otherwise, what we take. */
  readonly looser: readonly { readonly why: string; readonly is: (one: Lenient) => boolean }[];
}

const stricter: KnownDifferences["stricter"] = {
  WIRE_START_LINE:
    "RFC 9112 sections 3 and 4: three parts in a request line, so no HTTP/0.9; and no control character in a reason phrase, DEL among them",
  WIRE_TARGET: "RFC 9112 section 3.2, RFC 3986 appendix A: bytes a target can not have are refused, not recovered from; nor is a fragment",
  WIRE_TARGET_FORM: "RFC 9112 section 3.2: llhttp does not look whether the form of a target goes with the method, or the host is one",
  WIRE_VERSION: "RFC 9112 sections 2.3 and 3: one SP and HTTP/DIGIT.DIGIT; llhttp skips spaces and takes other protocols",
  WIRE_VERSION_UNSUPPORTED: "RFC 9112 section 2.3: llhttp takes 0.9 and 2.0 as well, whose messages are not these",
  WIRE_STATUS: "RFC 9110 section 15: a status is from 100 to 599; llhttp takes any three digits",
  WIRE_LINE_ENDING:
    "RFC 9112 section 2.2: a line ends with CR LF; llhttp takes a bare LF behind HTTP/0.9's request line and any number of them before one",
  WIRE_HOST: "RFC 9112 section 3.2: llhttp does not look at Host, which must be there once and be a host",
  WIRE_CONTENT_LENGTH: "RFC 9110 section 8.6: llhttp takes lengths up to 2^64-1; past 2^53-1 a number here is not exact",
  WIRE_FRAMING_LOOKALIKE: "RFC 3875 section 4.1.18: another field to llhttp, and Content-Length itself to a back end behind CGI",
  WIRE_LENGTH_AND_CODING: "RFC 9112 section 6.1: a server may refuse both together; llhttp does so in requests only",
  WIRE_CODING_REPEATED: "RFC 9110 section 5.3: llhttp joins what stands in two lines; others take one of them",
  WIRE_CODING_IN_HTTP10: "RFC 9112 section 6.1: its framing is to be treated as faulty; llhttp reads it",
  WIRE_CODING_UNSUPPORTED: "RFC 9112 section 6.1: llhttp reads what ends with chunked, and other answers until the connection ends",
  WIRE_CHUNK_SIZE: "RFC 9112 section 7.1: a recipient must mind large sizes; llhttp's can go to 2^64-1 and zeros before them on and on",
  WIRE_CHUNK_EXTENSION: "RFC 9112 section 7.1.1: llhttp takes an extension without a name and white space where the grammar has none",
  WIRE_TRAILER_FRAMING: "RFC 9110 section 6.5.1: a trailer section must not have fields for framing; llhttp does not look",
};

const FRAMING = /^(?:content-length|transfer-encoding)$/i;

const looser: KnownDifferences["looser"] = [
  {
    why: "RFC 9110 section 9.1: any token is a method; llhttp has a list",
    is: ({ error }) => error === "HPE_INVALID_METHOD",
  },
  {
    why: "RFC 9110 section 5.5: HTAB behind a value is white space; llhttp does not take one behind a length or a coding",
    is: ({ error, theirs }) =>
      error === "HPE_INVALID_CONTENT_LENGTH" ||
      error === "HPE_INVALID_TRANSFER_ENCODING" ||
      theirs?.fields.some((part) => /^chunked *\t[ \t]*$/i.test(part)) === true,
  },
  {
    why: "RFC 9112 section 6.3: an interim response has no content, whatever it says of a length; llhttp reads one",
    is: ({ message }) => message.status >= 100 && message.status < 200 && message.fields.some((part) => FRAMING.test(part)),
  },
];

export const knownDifferences: KnownDifferences = { stricter, looser };
