import type { WireFault } from "../../src/wire/index.ts";
import { ANSWERED, END_HEADERS, type Fields, GET, type Http2Case, Type, data, frame, headers, http2Cases } from "./http2-kit.ts";
import { FORWARDED } from "./rfc-kit.ts";

const PROTOCOL_ERROR = 1;
const POST: Fields = GET.map(([name, value]) => [name, name === ":method" ? "POST" : value]);
const GOT = `GET / HTTP/1.1\r\nhost: a\r\n${FORWARDED}\r\n`;

function withField(name: string, value: string): Fields {
  return [...GET, [name, value]];
}

/** The head of a GET with one pseudo-field different; left out where the value is undefined. */
function withPseudo(name: string, value: string | undefined): Fields {
  return GET.flatMap(([each, usual]) => (each !== name ? [[each, usual] as const] : value === undefined ? [] : [[each, value] as const]));
}

/** Malformed: the stream is reset with PROTOCOL_ERROR or answered with a 400, and not a byte goes on. */
function refuses(asks: string, fields: Fields, fault?: WireFault): Http2Case {
  return {
    asks,
    frames: headers(fields),
    forwarded: "",
    answered: fault === undefined ? `RESET ${PROTOCOL_ERROR}` : new RegExp(`^400 [^]*\\(${fault}\\)\\n$`),
  };
}

function passes(asks: string, fields: Fields, forwarded: string): Http2Case {
  return { asks, frames: headers(fields), forwarded, ...ANSWERED };
}

/** The section has the message refused. nghttp2 drops such a field without a word to node:http2, so that the rest is all there is: none of the field's bytes go on. */
function leavesOut(asks: string, fields: Fields): Http2Case {
  return passes(asks, fields, GOT);
}

http2Cases("RFC 9113 section 8.2: fields", [
  passes("names go on in lower case", withField("x-own", "1"), GOT.replace("\r\n<", "\r\nx-own: 1\r\n<")),
  refuses("8.2: a name with a capital is malformed", withField("X-Own", "1")),
  leavesOut("8.2.1: a name with a space", withField("x own", "1")),
  leavesOut("8.2.1: a name with a colon in it", withField("x:own", "1")),
  leavesOut("8.2.1: a name with a control character", withField("x\x01", "1")),
  leavesOut("8.2.1: a name with a byte beyond ASCII", withField("x\xfc", "1")),
  leavesOut("8.2.1: a value with NUL", withField("x", "a\0b")),
  leavesOut("8.2.1: a value with CR", withField("x", "a\rb")),
  leavesOut("8.2.1: a value with LF, which would be a line of its own", withField("x", "a\r\nhost: b")),
  refuses("8.2.1: with a space before it", withField("x", " a"), "WIRE_FIELD_VALUE"),
  refuses("8.2.1: with a tab behind it", withField("x", "a\t"), "WIRE_FIELD_VALUE"),
  ...["connection", "proxy-connection", "keep-alive", "upgrade"].map((name) =>
    refuses(`8.2.2: a field about a connection: ${name}`, withField(name, "close")),
  ),
  refuses("8.2.2: a coding", withField("transfer-encoding", "chunked")),
  refuses("8.2.2: TE that says more than trailers", withField("te", "gzip")),
  passes(
    "8.2.2: TE that says trailers",
    withField("te", "trailers"),
    GOT.replace("\r\n\r\n", "\r\nConnection: TE\r\nTE: trailers\r\n\r\n"),
  ),
  passes(
    "8.2.3: crumbs of a cookie are one field again",
    [...GET, ["cookie", "a=1"], ["cookie", "b=2"]],
    GOT.replace("\r\n<", "\r\ncookie: a=1; b=2\r\n<"),
  ),
  refuses("two readers could take this for the length", withField("content_length", "1"), "WIRE_FRAMING_LOOKALIKE"),
]);

http2Cases("RFC 9113 section 8.3: pseudo-fields", [
  ...[":method", ":scheme", ":path"].map((name) => refuses(`8.3.1: without ${name}`, withPseudo(name, undefined))),
  refuses("8.3: an unknown one", [[":own", "1"], ...GET]),
  refuses("8.3: one of responses", [[":status", "200"], ...GET]),
  refuses("8.3: one that is repeated", [[":path", "/"], ...GET]),
  refuses("8.3: one behind other fields", [["x", "1"], ...GET]),
  refuses("8.3.1: an empty path", withPseudo(":path", "")),
  refuses("8.3.1: a path that does not begin with a slash", withPseudo(":path", "a")),
  refuses("8.3.1: a whole URL as path", withPseudo(":path", "http://a/")),
  refuses("8.3.1: an asterisk but with OPTIONS", withPseudo(":path", "*")),
  refuses("9110 4.2.5: a fragment", withPseudo(":path", "/#a"), "WIRE_TARGET_FORM"),
  refuses("a path with a space", withPseudo(":path", "/a b")),
  refuses("a path with a line of its own", withPseudo(":path", "/ HTTP/1.1\r\nx: y")),
  refuses("a method that is no token", withPseudo(":method", "GET /x")),
  refuses("another scheme", withPseudo(":scheme", "ftp"), "WIRE_PSEUDO_FIELD"),
  refuses("9110 4.2.4: a user in :authority", withPseudo(":authority", "u@a")),
  refuses("a path in :authority", withPseudo(":authority", "a/b")),
  refuses("8.3.1: an empty :authority", withPseudo(":authority", "")),
  refuses("8.3.1: neither :authority nor Host", withPseudo(":authority", undefined)),
  refuses("8.3.1: a Host that says something else", withField("host", "b"), "WIRE_HOST"),
  refuses("two of them", [...withPseudo(":authority", undefined), ["host", "a"], ["host", "a"]]),
  passes("8.3.1: a Host that says the same is one", withField("host", "a"), GOT),
  passes("8.3.1: Host in place of :authority", [...withPseudo(":authority", undefined), ["host", "a"]], GOT),
  passes(
    "8.3.1: OPTIONS of the whole host",
    [
      [":method", "OPTIONS"],
      [":scheme", "http"],
      [":path", "*"],
      [":authority", "a"],
    ],
    GOT.replace("GET /", "OPTIONS *"),
  ),
  {
    asks: "8.5: CONNECT is not for a reverse proxy",
    frames: headers([
      [":method", "CONNECT"],
      [":authority", "a:80"],
    ]),
    forwarded: "",
    answered: /^405 [^]*\(PROXY_METHOD\)\n$/,
  },
  refuses("8.5: CONNECT with a path is malformed", withPseudo(":method", "CONNECT")),
]);

http2Cases("RFC 9113 section 8.1: messages", [
  {
    asks: "content without a length goes on in chunks",
    frames: headers(POST, 0) + data("ab"),
    forwarded: `POST / HTTP/1.1\r\nhost: a\r\n${FORWARDED}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n`,
    ...ANSWERED,
  },
  {
    asks: "content of a length keeps it",
    frames: headers([...POST, ["content-length", "2"]], 0) + data("a", 0) + data("b"),
    forwarded: `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n${FORWARDED}\r\nab`,
    ...ANSWERED,
  },
  {
    asks: "trailers go on behind it",
    frames: headers(POST, 0) + data("ab", 0) + headers([["x-sum", "1"]]),
    forwarded: `POST / HTTP/1.1\r\nhost: a\r\n${FORWARDED}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nx-sum: 1\r\n\r\n`,
    ...ANSWERED,
  },
  {
    asks: "8.1.1: more than content-length says",
    frames: headers([...POST, ["content-length", "1"]], 0) + data("ab"),
    forwarded: "",
    answered: "GOAWAY 2",
  },
  {
    asks: "8.1.1: less than it says",
    frames: headers([...POST, ["content-length", "3"]], 0) + data("ab"),
    forwarded: "",
    answered: "RESET 1",
  },
  {
    asks: "8.1.1: nothing at all",
    frames: headers([...POST, ["content-length", "3"]]),
    forwarded: "",
    answered: /^(?:RESET 1|400 [^]*\(WIRE_CONTENT_LENGTH\)\n)$/,
  },
  refuses("8.1.1: two lengths", [...POST, ["content-length", "0"], ["content-length", "0"]]),
  refuses("8.1.1: one that is no number", [...POST, ["content-length", "+0"]]),
  {
    asks: "8.1: pseudo-fields in trailers",
    frames: headers(POST, 0) + data("ab", 0) + headers([[":path", "/"]]),
    forwarded: "",
    answered: "RESET 1",
  },
  {
    asks: "8.1: trailers that do not end the stream",
    frames: headers(POST, 0) + data("ab", 0) + headers([["x-sum", "1"]], 0),
    forwarded: "",
    answered: "RESET 1",
  },
]);

http2Cases("RFC 9113 sections 4 to 6: frames", [
  { asks: "6.1: DATA on no stream", frames: frame(Type.data, 0, 0, "a"), forwarded: "", answered: "GOAWAY 1" },
  { asks: "5.1: DATA on a stream that is not open", frames: frame(Type.data, 0, 1, "a"), forwarded: "", answered: "GOAWAY 1" },
  { asks: "5.1.1: a stream of an even number", frames: headers(GET, 1, 2), forwarded: "", answered: "GOAWAY 1" },
  {
    asks: "4.2: a frame larger than was agreed",
    frames: frame(Type.headers, 5, 1, "a".repeat(16_385)),
    forwarded: "",
    answered: "GOAWAY 6",
  },
  {
    asks: "4.3: a field block that can not be read",
    frames: frame(Type.headers, 5, 1, "\xff\xff\xff\xff\xff\xff"),
    forwarded: "",
    answered: "GOAWAY 9",
  },
  {
    asks: "6.2: another frame within a head",
    frames: frame(Type.headers, 1, 1, "") + frame(Type.ping, 0, 0, "12345678"),
    forwarded: "",
    answered: "GOAWAY 1",
  },
  { asks: "6.4: a reset of a stream that is idle", frames: frame(Type.reset, 0, 1, "\0\0\0\x08"), forwarded: "", answered: "GOAWAY 1" },
  { asks: "6.6: a client pushes nothing", frames: frame(Type.push, END_HEADERS, 1, "\0\0\0\x02"), forwarded: "", answered: "GOAWAY 1" },
  { asks: "6.9: a window that grows by nothing", frames: frame(Type.windowUpdate, 0, 0, "\0\0\0\0"), forwarded: "", answered: "GOAWAY 1" },
  {
    asks: "6.9.1: a window that grows too large",
    frames: frame(Type.windowUpdate, 0, 0, "\x7f\xff\xff\xff"),
    forwarded: "",
    answered: "GOAWAY 3",
  },
  {
    asks: "6.5.2: a window of streams that is too large",
    frames: frame(Type.settings, 0, 0, "\0\x04\xff\xff\xff\xff"),
    forwarded: "",
    answered: "GOAWAY 3",
  },
  { asks: "5.5: frames of unknown types are passed over", frames: frame(99, 255, 0, "abc") + headers(GET), forwarded: GOT, ...ANSWERED },
]);
