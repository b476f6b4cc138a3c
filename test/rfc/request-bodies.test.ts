import type { WireFault } from "../../src/wire/index.ts";
import { FORWARDED, OK, type RfcCase, refusal, rfcCases } from "./rfc-kit.ts";

const START = "POST / HTTP/1.1\r\nHost: a\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n";

/** Framing fields that are refused with the head; the body would be another request to somebody. */
function refuses(asks: string, lines: string, fault: WireFault, body = "0\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n"): RfcCase {
  return { asks, request: `${START}${lines}\r\n${body}`, forwarded: "", answered: refusal(fault) };
}

function passes(asks: string, lines: string, body: string, forwardedBody = body, forwardedLines = lines): RfcCase {
  const framing = forwardedLines === CHUNKED ? `${FORWARDED}${CHUNKED}` : `${forwardedLines}${FORWARDED}`;
  return { asks, request: `${START}${lines}\r\n${body}`, forwarded: `${START}${framing}\r\n${forwardedBody}`, answered: OK };
}

/** A chunked body that turns out to be none: what of it reached the back end, which gets no end. */
function breaks(asks: string, body: string, fault: WireFault): RfcCase {
  return { asks, request: `${START}${CHUNKED}\r\n${body}`, forwarded: "", answered: refusal(fault) };
}

rfcCases("RFC 9112 section 6: how long a request is", [
  passes("6.2: Content-Length is heeded", "Content-Length: 3\r\n", "abc"),
  passes("6.2: of no bytes too", "Content-Length: 0\r\n", ""),
  passes("9110 8.6: zeros before it are digits", "Content-Length: 003\r\n", "abc"),
  passes("6.3: without one there is no body, whatever the method", "", ""),
  refuses("6.3: Transfer-Encoding and Content-Length", `${CHUNKED}Content-Length: 5\r\n`, "WIRE_LENGTH_AND_CODING"),
  refuses("6.3: in either order", `Content-Length: 5\r\n${CHUNKED}`, "WIRE_LENGTH_AND_CODING"),
  refuses("6.3: two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n", "WIRE_CONTENT_LENGTH"),
  refuses("9110 8.6: even if they agree", "Content-Length: 5\r\ncontent-length: 5\r\n", "WIRE_CONTENT_LENGTH"),
  refuses("9110 8.6: a list of lengths", "Content-Length: 5, 5\r\n", "WIRE_CONTENT_LENGTH"),
  refuses("9110 8.6: a sign", "Content-Length: +5\r\n", "WIRE_CONTENT_LENGTH"),
  refuses("9110 8.6: a negative length", "Content-Length: -5\r\n", "WIRE_CONTENT_LENGTH"),
  refuses("9110 8.6: hexadecimal digits", "Content-Length: 0x5\r\n", "WIRE_CONTENT_LENGTH"),
  refuses("9110 8.6: digits with a line or a space in them", "Content-Length: 1_0\r\n", "WIRE_CONTENT_LENGTH"),
  refuses("9110 8.6: two numbers", "Content-Length: 5 6\r\n", "WIRE_CONTENT_LENGTH"),
  refuses("9110 8.6: a point", "Content-Length: 5.0\r\n", "WIRE_CONTENT_LENGTH"),
  refuses("9110 8.6: nothing", "Content-Length:\r\n", "WIRE_CONTENT_LENGTH"),
  refuses("9110 8.6: more than a number holds", "Content-Length: 18446744073709551621\r\n", "WIRE_CONTENT_LENGTH"),
  refuses("9112 5.1: white space before the colon", "Content-Length : 5\r\n", "WIRE_FIELD_NAME"),
  refuses("CGI and WSGI read an underscore as a hyphen", "Content_Length: 5\r\n", "WIRE_FRAMING_LOOKALIKE"),
  refuses("in a coding as well", "Transfer_Encoding: chunked\r\n", "WIRE_FRAMING_LOOKALIKE"),
  refuses("6.1: a coding that is repeated", `${CHUNKED}${CHUNKED}`, "WIRE_CODING_REPEATED"),
  {
    asks: "6.1: a coding in HTTP/1.0 is faulty framing",
    request: `POST / HTTP/1.0\r\nHost: a\r\n${CHUNKED}\r\n0\r\n\r\n`,
    forwarded: "",
    answered: refusal("WIRE_CODING_IN_HTTP10"),
  },
  ...[
    "gzip",
    "gzip, chunked",
    "chunked, gzip",
    "identity",
    "xchunked",
    '"chunked"',
    "chunked, chunked",
    "chunked;q=1",
    "\x0bchunked",
    "",
  ].map((coding): RfcCase => ({
    asks: `6.1: a coding that is not understood is a 501: ${JSON.stringify(coding)}`,
    request: `${START}Transfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n`,
    forwarded: "",
    answered:
      /^HTTP\/1\.1 (?:501 Not Implemented\r\n[^]*Connection: close\r\n\r\n[^]*\(WIRE_CODING_UNSUPPORTED|400 [^]*\(WIRE_FIELD_VALUE)\)\n$/,
  })),
  passes("9110 5.6.1: the coding's name in any case", "Transfer-Encoding: ChunkeD\r\n", "0\r\n\r\n", "0\r\n\r\n", CHUNKED),
  {
    asks: "9.3.2: what is pipelined is answered in order, and each is sent by itself",
    request: `${START}Content-Length: 1\r\n\r\na${START}${CHUNKED}\r\n1\r\nb\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n`,
    forwarded: `${START}Content-Length: 1\r\n${FORWARDED}\r\na${START}${FORWARDED}${CHUNKED}\r\n1\r\nb\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n${FORWARDED}\r\n`,
    answers: [OK.replace("ok", "1!"), OK.replace("ok", "2!"), OK.replace("ok", "3!")],
    answered: OK.replace("ok", "1!") + OK.replace("ok", "2!") + OK.replace("ok", "3!"),
  },
]);

rfcCases("RFC 9112 section 7.1: chunks", [
  passes("7.1: none but the last", CHUNKED, "0\r\n\r\n"),
  passes("7.1: the last one may have more zeros", CHUNKED, "000\r\n\r\n", "0\r\n\r\n"),
  passes(
    "7.1.1: extensions are heeded by nobody, and not sent on",
    CHUNKED,
    '0;a;b=c;d="e;\\"\r\n"'.replace("\r\n", "") + "\r\n\r\n",
    "0\r\n\r\n",
  ),
  passes("7.1.2: trailers go on", CHUNKED, "0\r\nX-Digest: 1\r\n\r\n"),
  passes(
    "9110 6.5.1: but for those that are about framing, routing or the connection",
    CHUNKED,
    "0\r\nX-A: 1\r\nHost: b\r\nConnection: X-A\r\nX-Forwarded-For: 1.1.1.1\r\nTE: trailers\r\nTrailer: X-A\r\nExpect: 100-continue\r\n\r\n",
    "0\r\nX-A: 1\r\n\r\n",
  ),
]);

rfcCases(
  "RFC 9110 section 6.5.1: what has to be known before the content is no trailer",
  [
    "Authorization",
    "cookie",
    "Cache-Control",
    "If-Match",
    "RANGE",
    "Max-Forwards",
    "Content-Type",
    "Content-Encoding",
    "Via",
    "X-Forwarded-Host",
  ].map((name) => passes(name, CHUNKED, `1\r\na\r\n0\r\n${name}: x\r\nX-A: 1\r\n\r\n`, "1\r\na\r\n0\r\nX-A: 1\r\n\r\n")),
);

rfcCases("RFC 9112 section 7.1: what are no chunks", [
  breaks("7.1: a size that is no number", "g\r\n", "WIRE_CHUNK_SIZE"),
  breaks("7.1: none", "\r\n", "WIRE_CHUNK_SIZE"),
  breaks("7.1: with 0x", "0x0\r\n\r\n", "WIRE_CHUNK_SIZE"),
  breaks("7.1: with a sign", "+0\r\n\r\n", "WIRE_CHUNK_SIZE"),
  breaks("7.1: with space before it", " 0\r\n\r\n", "WIRE_CHUNK_SIZE"),
  breaks("7.1: or behind it", "0 \r\n\r\n", "WIRE_CHUNK_EXTENSION"),
  breaks("7.1: with an underscore", "0_0\r\n\r\n", "WIRE_CHUNK_SIZE"),
  breaks("7.1: larger than any number", "ffffffffffffffff1\r\n", "WIRE_CHUNK_SIZE"),
  breaks("7.1: a line that ends with LF alone", "0\n\r\n", "WIRE_LINE_ENDING"),
  breaks("7.1: with CR alone", "0\r\r\n", "WIRE_LINE_ENDING"),
  breaks("7.1.1: an extension with a line end in it", "0;a\n\r\n", "WIRE_LINE_ENDING"),
  breaks("7.1.1: one that has no name", "0;\r\n\r\n", "WIRE_CHUNK_EXTENSION"),
  breaks("7.1.1: one whose quotes are open", '0;a="b\r\n\r\n', "WIRE_CHUNK_EXTENSION"),
  breaks("7.1.1: one with white space", "0; a\r\n\r\n", "WIRE_CHUNK_EXTENSION"),
  breaks("7.1.2: a trailer that is no field line", "0\r\nX\r\n\r\n", "WIRE_FIELD_NAME"),
  breaks("7.1.2: a trailer that is folded", "0\r\nX: 1\r\n 2\r\n\r\n", "WIRE_OBS_FOLD"),
  breaks("9110 6.5.1: a length in a trailer", "0\r\nContent-Length: 5\r\n\r\n", "WIRE_TRAILER_FRAMING"),
  breaks("9110 6.5.1: a coding in a trailer", `0\r\n${CHUNKED}\r\n`, "WIRE_TRAILER_FRAMING"),
  breaks("7.1: data longer than its size", "1\r\nab\r\n0\r\n\r\n", "WIRE_CHUNK_DATA"),
  breaks("7.1: data that ends with LF alone", "1\r\na\n0\r\n\r\n", "WIRE_CHUNK_DATA"),
]);
