import { FORWARDED, OK, type RfcCase, refusal, rfcCases } from "./rfc-kit.ts";
import type { WireFault } from "../../src/wire/index.ts";
import type { ProxyFailure } from "../../src/proxy/failure.ts";

/** A request line and Host that pass, and as what. */
function passes(asks: string, line: string, host: string, forwardedLine = line, forwardedHost = host): RfcCase {
  return {
    asks,
    request: `${line} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    forwarded: `${forwardedLine} HTTP/1.1\r\nHost: ${forwardedHost}\r\n${FORWARDED}\r\n`,
    answered: OK,
  };
}

/** A request line, or a whole head, that is refused before a byte of it goes on. */
function refuses(asks: string, head: string, reason: WireFault | ProxyFailure): RfcCase {
  const request = head.includes("\r\n") ? head : `${head} HTTP/1.1\r\nHost: a\r\n`;
  return { asks, request: `${request}\r\n`, forwarded: "", answered: refusal(reason) };
}

const GET = "GET / HTTP/1.1\r\n";

rfcCases("RFC 9112 section 3: the request line", [
  refuses("3: a target without its version is no request line (HTTP/0.9)", "GET /\r\n", "WIRE_START_LINE"),
  refuses("3: parts are separated by one space", "GET  / HTTP/1.1\r\nHost: a\r\n", "WIRE_START_LINE"),
  refuses("3: and by no tab", "GET\t/ HTTP/1.1\r\nHost: a\r\n", "WIRE_METHOD"),
  refuses("3: nothing stands behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n", "WIRE_VERSION"),
  refuses("3: nor before the method", " GET / HTTP/1.1\r\nHost: a\r\n", "WIRE_METHOD"),
  refuses("3.1: a method is a token", "GE(T) / HTTP/1.1\r\nHost: a\r\n", "WIRE_METHOD"),
  passes("3.1: methods are case-sensitive, and unknown ones go on as they are", "get /", "a"),
  passes("3.1: a method nobody knows", "M-SEARCH!$%&'*+.^_`|~09 /", "a"),
  refuses("3.2: no white space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n", "WIRE_VERSION"),
  refuses("3.2: no control characters in it", "GET /a\u0001 HTTP/1.1\r\nHost: a\r\n", "WIRE_START_LINE"),
  refuses("3.2: no tab in it", "GET /a\tb HTTP/1.1\r\nHost: a\r\n", "WIRE_TARGET"),
  refuses("3.2: no bytes beyond ASCII in it", "GET /\xfc HTTP/1.1\r\nHost: a\r\n", "WIRE_TARGET"),
  refuses("3.2, RFC 3986 section 3.5: a fragment is never sent", "GET /#a", "WIRE_TARGET"),
  refuses("2.3: the name of the protocol is HTTP in capitals", "GET / http/1.1\r\nHost: a\r\n", "WIRE_VERSION"),
  refuses("2.3: the version has one digit, a point and one digit", "GET / HTTP/1.10\r\nHost: a\r\n", "WIRE_VERSION"),
  refuses("2.3: it has a point", "GET / HTTP/1,1\r\nHost: a\r\n", "WIRE_VERSION"),
  {
    asks: "9110 2.5, 15.6.6: a major version that is not spoken is answered with 505",
    request: "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    forwarded: "",
    answered: /^HTTP\/1\.1 505 HTTP Version Not Supported\r\n[^]*Connection: close\r\n\r\n[^]*\(WIRE_VERSION_UNSUPPORTED\)\n$/,
  },
  {
    asks: "3: a line that is too long is answered with 414",
    request: `GET /${"a".repeat(16_400)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    forwarded: "",
    answered: /^HTTP\/1\.1 414 URI Too Long\r\n[^]*Connection: close\r\n\r\n[^]*\(WIRE_START_LINE_TOO_LONG\)\n$/,
  },
  passes("3: one of 8000 octets goes on", `GET /${"a".repeat(8_000)}`, "a"),
]);

rfcCases("RFC 9112 section 3.2: forms of the target", [
  passes("3.2.1: origin-form with path and query goes on as it is", "GET /a/b.c;d=1,2!$&'()*+:@?e=/?f", "a"),
  passes("3.2.1: an empty query is a query", "GET /?", "a"),
  refuses("3.2.1: origin-form starts with a slash", "GET a", "WIRE_TARGET_FORM"),
  refuses("3.2.1: and so does one with a query only", "GET ?a", "WIRE_TARGET_FORM"),
  passes("3.2.2: absolute-form is taken, and sent in origin-form", "GET http://a.example/b?c", "a.example", "GET /b?c"),
  passes("3.2.2: of https too, whatever the scheme's case", "GET HTTPS://a.example/b", "a.example", "GET /b"),
  passes("3.2.1: an empty path becomes a slash", "GET http://a.example", "a.example", "GET /"),
  passes("3.2.1: before a query too", "GET http://a.example?b", "a.example", "GET /?b"),
  passes("3.2.4: without a path OPTIONS is about the host as a whole", "OPTIONS http://a.example", "a.example", "OPTIONS *"),
  passes("3.2.4: asterisk-form of OPTIONS", "OPTIONS *", "a"),
  refuses("3.2.4: and of no other method", "GET *", "WIRE_TARGET_FORM"),
  refuses("3.2.2: a target that says another host than Host does is two routes", "GET http://a/ HTTP/1.1\r\nHost: b\r\n", "WIRE_HOST"),
  refuses("3.2.2: a port makes another host", "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n", "WIRE_HOST"),
  refuses("9110 4.2.4: no user and password in it", "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n", "WIRE_TARGET_FORM"),
  refuses("9110 4.2.1: an empty host is none", "GET http:///b HTTP/1.1\r\nHost: a\r\n", "WIRE_TARGET_FORM"),
  refuses("3.2.2: another scheme is not served", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n", "WIRE_TARGET_FORM"),
  refuses("3.2.2: absolute-form does without no Host", "GET http://a/ HTTP/1.1\r\n", "WIRE_HOST"),
  refuses("3.2.3: authority-form is for CONNECT alone", "GET a:80", "WIRE_TARGET_FORM"),
  refuses("3.2.3: CONNECT takes no other form", "CONNECT /", "WIRE_TARGET_FORM"),
  refuses("3.2.3: nor one without a port", "CONNECT a", "WIRE_TARGET_FORM"),
  refuses("9110 9.3.6: CONNECT is not for an origin", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n", "PROXY_METHOD"),
]);

rfcCases("RFC 9112 section 3.2, RFC 9110 section 7.2: Host", [
  refuses("3.2: HTTP/1.1 without it is a 400", GET, "WIRE_HOST"),
  refuses("3.2: so are two of them", `${GET}Host: a\r\nHost: b\r\n`, "WIRE_HOST"),
  refuses("3.2: even if they say the same", `${GET}Host: a\r\nhost: a\r\n`, "WIRE_HOST"),
  refuses("3.2: a list is no host", `${GET}Host: a, b\r\n`, "WIRE_HOST"),
  refuses("3.2: nor is a host with a path", `${GET}Host: a/b\r\n`, "WIRE_HOST"),
  refuses("3.2: nor with a query", `${GET}Host: a?b\r\n`, "WIRE_HOST"),
  refuses("3.2: nor with a fragment", `${GET}Host: a#b\r\n`, "WIRE_HOST"),
  refuses("3.2: nor with a scheme", `${GET}Host: http://a\r\n`, "WIRE_HOST"),
  refuses("3.2: nor with a user", `${GET}Host: u@a\r\n`, "WIRE_HOST"),
  refuses("3.2: nor with white space", `${GET}Host: a b\r\n`, "WIRE_HOST"),
  refuses("3.2: nor one of bytes beyond ASCII", `${GET}Host: \xfc\r\n`, "WIRE_HOST"),
  refuses("3.2: nor one that is percent-encoded, which readers take in two ways", `${GET}Host: %61\r\n`, "WIRE_HOST"),
  refuses("3.2: an empty one names no route", `${GET}Host:\r\n`, "WIRE_HOST"),
  refuses("3.2: a port is a number", `${GET}Host: a:b\r\n`, "WIRE_HOST"),
  refuses("3.2: of 16 bits", `${GET}Host: a:65536\r\n`, "WIRE_HOST"),
  refuses("3.2: and one number", `${GET}Host: a:80:80\r\n`, "WIRE_HOST"),
  refuses("3.2: without a sign", `${GET}Host: a:+80\r\n`, "WIRE_HOST"),
  refuses("3.2: an IPv6 address stands in brackets", `${GET}Host: ::1\r\n`, "WIRE_HOST"),
  refuses("3.2: that are closed", `${GET}Host: [::1\r\n`, "WIRE_HOST"),
  refuses("3.2: with nothing behind them but a port", `${GET}Host: [::1]a\r\n`, "WIRE_HOST"),
  refuses("3.2: and have an address in them", `${GET}Host: []\r\n`, "WIRE_HOST"),
  refuses("RFC 3986 section 3.2.2: that is one", `${GET}Host: [:::1]\r\n`, "WIRE_HOST"),
  refuses("RFC 3986 section 3.2.2: and not of another version", `${GET}Host: [v1.a]\r\n`, "WIRE_HOST"),
  passes("3.2: an IPv6 address passes", "GET /", "[2001:db8::1]:8080"),
  passes("3.2: with an IPv4 address at its end too", "GET /", "[::ffff:192.0.2.1]"),
  passes("3.2: a port passes", "GET /", "a.example:8080"),
  passes("3.2: as does a name with an underscore, as pods have", "GET /", "a_b.example"),
  passes("3.2: and one whose letters are capitals", "GET /", "A.Example"),
  passes("3.2: and one with its dot at the end", "GET /", "a.example."),
  {
    asks: "3.2: HTTP/1.0 may come without it",
    request: "GET / HTTP/1.0\r\n\r\n",
    forwarded: /^GET \/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n<X-Forwarded>\r\n\r\n$/,
    answered: "HTTP/1.1 200 OK\r\nDate: then\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
  },
]);
