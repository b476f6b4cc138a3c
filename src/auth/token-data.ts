import type { FilterContext } from "../route/index.ts";
import type { Claims } from "./token-verifier.ts";
import type { TokenInfo } from "./token-rules.ts";

/** Keys in `context.state`, as Skipper calls them: routes name them in `optOutStateBag`. */
const TOKENINFO = "tokeninfo";
const INTROSPECTION = "tokenintrospection";
const CLAIMS = "oidcclaimscachekey";

/** What an issuer said of a token, for whoever asked it the same. */
interface Introspected {
  readonly about: string;
  readonly info: TokenInfo;
}

/** What filters of this area found out about the token of a request, for those behind them. */
export const tokenData = {
  tokeninfo: ({ state }: FilterContext): TokenInfo | undefined => state.get(TOKENINFO) as TokenInfo | undefined,
  keepTokeninfo({ state }: FilterContext, info: TokenInfo): void {
    state.set(TOKENINFO, info);
  },
  introspected: ({ state }: FilterContext): Introspected | undefined => state.get(INTROSPECTION) as Introspected | undefined,
  keepIntrospected({ state }: FilterContext, introspected: Introspected): void {
    state.set(INTROSPECTION, introspected);
  },
  claims: ({ state }: FilterContext): Claims | undefined => state.get(CLAIMS) as Claims | undefined,
  keepClaims({ state }: FilterContext, claims: Claims): void {
    state.set(CLAIMS, claims);
  },
};

/** A value by its name; else by the names on the way to it, with dots between. Only what the data itself holds. */
export function valueAt(data: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(data, path)) return data[path];
  let value: unknown = data;
  for (const name of path.split(".")) value = memberOf(value, name);
  return value;
}

/** What an object or list itself holds under a name; undefined for what holds nothing. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return Array.isArray(value) && !/^\d+$/.test(name) ? undefined : (value as Readonly<Record<string, unknown>>)[name];
}
