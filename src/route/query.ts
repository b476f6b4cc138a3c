/**
 * Queries are changed as text: what is not touched keeps its order and its bytes. Names are compared decoded, as a form is
 * (`+` is a space; WHATWG URL, section 5.1).
 */

/** The decoded value of the first parameter with this name; undefined when there is none. */
export function queryValue(query: string, name: string): string | undefined {
  for (const [found, value] of queryPairs(query)) if (found === name) return value;
  return undefined;
}

type Pair = readonly [name: string, value: string];

let lastQuery = "";
let lastPairs: readonly Pair[] = [];

/** Decoded names and values, in order. Of the last query they are kept: the predicates of many routes ask for the same one. */
export function queryPairs(query: string): readonly Pair[] {
  if (query === lastQuery) return lastPairs;
  lastPairs = pairsOf(query).flatMap((pair): readonly Pair[] => {
    if (pair === "") return [];
    const equals = pair.indexOf("=");
    return [equals < 0 ? [decoded(pair), ""] : [decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1))]];
  });
  lastQuery = query;
  return lastPairs;
}

/** The query with one parameter of this name: at the place of the first there was, else at the end. */
export function withQueryValue(query: string, name: string, value: string): string {
  const pair = `${encoded(name)}=${encoded(value)}`;
  const result: string[] = [];
  let isThere = false;
  for (const written of pairsOf(query)) {
    if (nameOf(written) !== name) result.push(written);
    else if (!isThere) {
      result.push(pair);
      isThere = true;
    }
  }
  if (!isThere) result.push(pair);
  return result.join("&");
}

/** The query without the parameters of this name. */
export function withoutQueryValue(query: string, name: string): string {
  return pairsOf(query)
    .filter((pair) => nameOf(pair) !== name)
    .join("&");
}

/** The query with each value of these parameters replaced. */
export function maskQuery(query: string, names: ReadonlySet<string>, mask: string): string {
  return pairsOf(query)
    .map((pair) => (names.has(nameOf(pair)) && pair.includes("=") ? `${pair.slice(0, pair.indexOf("="))}=${mask}` : pair))
    .join("&");
}

/** Percent-encodes what cannot stand in a query as it is (RFC 3986 section 3.4); what is encoded stays so. */
export function encodeQuery(text: string): string {
  return text.replaceAll(/%(?![0-9A-Fa-f]{2})|[^\x21-\x7e]+|[#"<>\\^`{|}]/gu, (found) => encodeURIComponent(found.toWellFormed()));
}

function pairsOf(query: string): readonly string[] {
  return query === "" ? [] : query.split("&");
}

function nameOf(pair: string): string {
  const equals = pair.indexOf("=");
  return decoded(equals < 0 ? pair : pair.slice(0, equals));
}

function decoded(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // What is no UTF-8, or a "%" for itself, has its own rules (WHATWG URL section 1.3).
    return new URLSearchParams(`=${text}`).get("") ?? "";
  }
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll("%20", "+");
}
