import { FORWARDED, OK, type RfcCase, refusal, rfcCases } from "./rfc-kit.ts";
import type { WireFault } from "../../src/wire/index.ts";

const START = "GET / HTTP/1.1\r\nHost: a\r\n";

/** Field lines, or a whole head, that are refused before a byte goes on. */
function refuses(asks: string, lines: string, fault: WireFault): RfcCase {
  return { asks, request: lines.startsWith("GET ") ? lines : `${START}${lines}\r\n`, forwarded: "", answered: refusal(fault) };
}

/** Field lines that go on, and as what. */
function passes(asks: string, lines: string, forwarded = lines): RfcCase {
  return { asks, request: `${START}${lines}\r\n`, forwarded: `${START}${forwarded}${FORWARDED}\r\n`, answered: OK };
}

rfcCases("RFC 9112 section 2: lines", [
  refuses("2.2: a line that ends with LF alone", "GET / HTTP/1.1\nHost: a\r\n\r\n", "WIRE_LINE_ENDING"),
  refuses("2.2: a field line that does", "X: 1\n", "WIRE_LINE_ENDING"),
  refuses("2.2: a head that does", "GET / HTTP/1.1\r\nHost: a\r\n\n", "WIRE_LINE_ENDING"),
  refuses("2.2: a CR within a value", "X: a\rb\r\n", "WIRE_LINE_ENDING"),
  refuses("2.2: a CR within a name", "X\rY: a\r\n", "WIRE_FIELD_NAME"),
  refuses("2.2: a CR before CR LF", "X: a\r\r\n", "WIRE_LINE_ENDING"),
  refuses("2.2: a CR before the target", "GET \r/ HTTP/1.1\r\nHost: a\r\n\r\n", "WIRE_START_LINE"),
  refuses("2.2: white space between start line and fields", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "WIRE_OBS_FOLD"),
  {
    asks: "2.2: an empty line before the request line is passed over",
    request: `\r\n${START}\r\n`,
    forwarded: `${START}${FORWARDED}\r\n`,
    answered: OK,
  },
  { asks: "2.2: two are too many", request: `\r\n\r\n${START}\r\n`, forwarded: "", answered: refusal("WIRE_START_LINE") },
]);

rfcCases("RFC 9112 section 5, RFC 9110 section 5: field lines", [
  refuses("5.1: white space before the colon is a 400", "X : 1\r\n", "WIRE_FIELD_NAME"),
  refuses("5.1: a tab too", "X\t: 1\r\n", "WIRE_FIELD_NAME"),
  refuses("5.1: of Host as well", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "WIRE_FIELD_NAME"),
  refuses("5.2: a folded line is a 400", "X: 1\r\n 2\r\n", "WIRE_OBS_FOLD"),
  refuses("5.2: with a tab too", "X: 1\r\n\t2\r\n", "WIRE_OBS_FOLD"),
  refuses("5.2: and when nothing is on it", "X: 1\r\n \r\n", "WIRE_OBS_FOLD"),
  refuses("9110 5.1: a name is a token: no space in it", "X Y: 1\r\n", "WIRE_FIELD_NAME"),
  refuses("9110 5.1: no bracket", "X[0]: 1\r\n", "WIRE_FIELD_NAME"),
  refuses("9110 5.1: no byte beyond ASCII", "\xdc: 1\r\n", "WIRE_FIELD_NAME"),
  refuses("9110 5.1: no NUL", "X\0: 1\r\n", "WIRE_FIELD_NAME"),
  refuses("9110 5.1: not none", ": 1\r\n", "WIRE_FIELD_NAME"),
  refuses("9112 5: a line has a colon", "X\r\n", "WIRE_FIELD_NAME"),
  refuses("9110 5.5: no NUL in a value", "X: a\0b\r\n", "WIRE_FIELD_VALUE"),
  refuses("9110 5.5: no other control character", "X: a\x0bb\r\n", "WIRE_FIELD_VALUE"),
  refuses("9110 5.5: nor DEL", "X: \x7f\r\n", "WIRE_FIELD_VALUE"),
  passes("9110 5.5: an empty value is one", "X:\r\n", "X: \r\n"),
  passes("9110 5.5: white space around a value is not of it", "X: \t 1 2\t \r\n", "X: 1 2\r\n"),
  passes("9112 5.1: nor need there be any", "X:1\r\n", "X: 1\r\n"),
  passes("9110 5.5: obs-text goes on as it is", "X: \xfc\xff\x80\r\n"),
  passes("9110 5.5: a tab within stays", "X: a\tb\r\n"),
  passes("9110 5.3: lines of one name keep their order, and are not joined", "X: 1\r\nY: 2\r\nx: 3\r\nX: \r\n"),
  passes("9110 5.1: names keep their letters, and unknown fields go on", "x-LOWER: 1\r\n!#$%&'*+-.^_`|~9aZ: 2\r\n"),
  passes("9110 5.3: cookies stay on their lines", "Cookie: a=1\r\nCookie: b=2\r\n"),
  {
    asks: "9110 5.4: more than is taken is a 431",
    request: `${START}X: ${"x".repeat(16_400)}\r\n\r\n`,
    forwarded: "",
    answered: /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n[^]*Connection: close\r\n\r\n[^]*\(WIRE_FIELD_LINE_TOO_LONG\)\n$/,
  },
]);
