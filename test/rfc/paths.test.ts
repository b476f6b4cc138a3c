import { FORWARDED, OK, type RfcCase, refusal, rfcCases } from "./rfc-kit.ts";

/** What is forwarded is what routes were matched with. */
function passes(asks: string, path: string, forwarded = path): RfcCase {
  return {
    asks: `${asks}: ${path}`,
    request: `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`,
    forwarded: `GET ${forwarded} HTTP/1.1\r\nHost: a\r\n${FORWARDED}\r\n`,
    answered: OK,
  };
}

function refuses(asks: string, path: string): RfcCase {
  return {
    asks: `${asks}: ${JSON.stringify(path)}`,
    request: `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`,
    forwarded: "",
    answered: refusal("PROXY_PATH", undefined, true),
  };
}

rfcCases("RFC 3986 sections 3.3 and 6.2.2, RFC 9110 section 4.2.3: paths", [
  passes("what may stand in a segment stands there", "/a-b._~!$&'()*+,;=:@/"),
  passes("unreserved characters are decoded", "/%61%2D%2e%5F%7E", "/a-._~"),
  passes("digits of encodings become capitals", "/%c3%bc", "/%C3%BC"),
  passes("an encoded slash stays one", "/a%2fb", "/a%2Fb"),
  passes("an encoded per cent sign stays one, and what it encodes too", "/%252e%252e/", "/%252e%252e/"),
  passes("an encoded space, question mark and number sign stay", "/%20%3F%23"),
  passes("an encoded semicolon is no parameter", "/a%3bb", "/a%3Bb"),
  passes("a plus is a plus", "/a+b"),
  passes("dot segments are resolved", "/a/./b/../c", "/a/c"),
  passes("encoded ones as well", "/a/%2e/b/%2E%2e/c", "/a/c"),
  passes("at the end they leave the folder", "/a/b/..", "/a/"),
  passes("runs of slashes are one", "//a///b", "/a/b"),
  passes("before dot segments are resolved", "/a//../b", "/b"),
  passes("dots in names stay", "/.a/..b/c./..."),
  passes("a query is left as it is", "/a?b=%61/../c//d%2e?;", "/a?b=%61/../c//d%2e?;"),
  refuses("above the root there is nothing", "/../a"),
  refuses("encoded or not", "/a/%2e%2e/%2e%2e/b"),
  refuses("a NUL ends strings", "/a%00b"),
  refuses("a broken encoding is none", "/%"),
  refuses("nor one of a digit", "/%2"),
  refuses("nor one of other letters", "/%zz"),
  refuses("nor that of other tongues", "/%u0061"),
  refuses("a backslash is a slash to some", "/a\\b"),
  refuses("a dot segment behind an encoded slash", "/a%2f..%2fb"),
  refuses("or an encoded backslash", "/a%5c..%5cb"),
  refuses("a dot segment with a parameter", "/a/..;/b"),
  refuses("whatever it says", "/a/..;b=c/d"),
  refuses("at the end", "/a/.;"),
  refuses("encoded", "/a/%2e%2e%3b/b"),
]);
