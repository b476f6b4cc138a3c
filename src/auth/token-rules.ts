/** What an answer about a token must say. */
export type TokenRule = (info: TokenInfo) => boolean;
export type TokenInfo = Readonly<Record<string, unknown>>;

type Pair = readonly [key: string, value: string];

/** The scopes of a token: a list, or a text with spaces between (RFC 6749 section 3.3). */
function scopesOf({ scope }: TokenInfo): readonly unknown[] {
  if (Array.isArray(scope)) return scope;
  return typeof scope === "string" ? scope.split(" ") : [];
}

export function anyScope(scopes: readonly string[]): TokenRule {
  return (info) => scopesOf(info).some((scope) => typeof scope === "string" && scopes.includes(scope));
}

export function allScopes(scopes: readonly string[]): TokenRule {
  return (info) => {
    const given = scopesOf(info);
    return scopes.every((scope) => given.includes(scope));
  };
}

export function anyPair(pairs: readonly Pair[]): TokenRule {
  return (info) => pairs.some((pair) => has(info, pair));
}

export function allPairs(pairs: readonly Pair[]): TokenRule {
  return (info) => pairs.every((pair) => has(info, pair));
}

export function anyClaim(names: readonly string[]): TokenRule {
  return (info) => names.some((name) => hasClaim(info, name));
}

export function allClaims(names: readonly string[]): TokenRule {
  return (info) => names.every((name) => hasClaim(info, name));
}

/** Names come from outside: only what the answer itself says counts. */
function has(info: TokenInfo, [key, value]: Pair): boolean {
  return Object.hasOwn(info, key) && info[key] === value;
}

function hasClaim(info: TokenInfo, name: string): boolean {
  const { claims } = info;
  const nested = typeof claims === "object" && claims !== null && Object.hasOwn(claims, name);
  return nested || Object.hasOwn(info, name);
}
