import { createHash } from "node:crypto";
import { type CallArguments, type Parameter, checkedName } from "../../route/index.ts";
import { type LoginPlace, loginPlace } from "../browser-login.ts";
import { authorityUrl, issuerUrl } from "./authority-url.ts";

/** Of what cookies hold: those of another version of this program do not open. */
const FORMAT = 1;

/** What must be so of whom a filter lets through. */
export type OidcKind = "UserInfo" | "AnyClaims" | "AllClaims";

/** What a route says of logging in at a provider of OpenID Connect. */
export interface OidcArguments {
  readonly kind: OidcKind;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** For the provider. */
  readonly parameters: Readonly<Record<string, string>>;
  /** For the provider, with what the request's query has under the same name. */
  readonly queryParameters: readonly string[];
  readonly claims: readonly string[];
  /** Fields that the back end gets, and where in the session their values stand. */
  readonly upstream: readonly (readonly [field: string, path: string])[];
  readonly place: LoginPlace;
}

/** An option's value that stands for the one in the request's query. */
const FROM_QUERY = "skipper-request-query";

/** Options that would break what a login is protected by. */
const RESERVED = new Set([
  "response_type",
  "client_id",
  "redirect_uri",
  "state",
  "nonce",
  "code_challenge",
  "code_challenge_method",
  "scope",
]);

export const oidcParameters: readonly Parameter[] = [
  { name: "issuer", type: "text", what: "URL of the provider" },
  {
    name: "clientId",
    type: "text",
    what: "who this router is to it; empty: `OIDC_CLIENT_ID` of the environment; `secretRef:PATH`: what a file of `--credentials-paths` says",
    isSecret: "always",
  },
  { name: "clientSecret", type: "text", what: "likewise, `OIDC_CLIENT_SECRET`", isSecret: "always" },
  {
    name: "callback",
    type: "text",
    what: "URL to which the provider sends the browser back; a path that comes to this route and is used for nothing else",
  },
  { name: "scopes", type: "text", what: "to ask for, with spaces between" },
  { name: "claims", type: "text", what: "that must be there, with spaces between" },
  {
    name: "options",
    type: "text",
    what: "for the provider, `name=value`, with spaces between; the value `skipper-request-query` stands for the one of this name in the request's query",
    occurs: "optional",
  },
  {
    name: "fields",
    type: "text",
    what: "that the back end gets, `Field:key.key`, with spaces between; keys as in `claims.email`, `userInfo.name`, `oauth2token.access_token`, `oidctoken`, `sub`",
    occurs: "optional",
  },
  {
    name: "subdomains",
    type: "text",
    what: 'how many labels of the callback\'s host the domain of cookies has less, "1" when left out',
    occurs: "optional",
  },
  { name: "cookie", type: "text", what: "name of the cookie", occurs: "optional" },
];

/** Throws AppError `ROUTE_ARGUMENT`. */
export function readOidcArguments(args: CallArguments, kind: OidcKind): OidcArguments {
  const issuer = issuerUrl(args, 0);
  const callback = new URL(authorityUrl(args, 3));
  if (callback.search !== "" || callback.pathname === "/") throw args.refusal("a callback with a path of its own and no query");
  const words = (at: number): readonly string[] => (args.optionalText(at) ?? "").split(" ").filter((word) => word !== "");
  const parameters: Record<string, string> = { scope: ["openid", ...words(4).filter((scope) => scope !== "openid")].join(" ") };
  const queryParameters: string[] = [];
  for (const pair of words(6)) {
    const equals = pair.indexOf("=");
    if (equals < 1 || RESERVED.has(pair.slice(0, equals)))
      throw args.refusal("options of the provider, name=value, that are not the login's own");
    const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    if (value === FROM_QUERY) queryParameters.push(name);
    else parameters[name] = value;
  }
  const upstream = words(7).map((pair) => {
    const [, field = "", path = ""] = /^([^:]+):(.+)$/.exec(pair) ?? [];
    return [checkedName(args, field), path] as const;
  });
  const removed = Number(args.optionalText(8) ?? "1");
  if (!Number.isInteger(removed) || removed < 0 || removed > 10) throw args.refusal('a number of subdomains from "0" to "10"');
  const purpose = createHash("sha256")
    .update(JSON.stringify([FORMAT, issuer, args.text(1), callback.href, kind]))
    .digest("hex");
  const name = args.optionalText(9) ?? `holdfast-oidc-${purpose.slice(0, 8)}`;
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/.test(name)) throw args.refusal("a cookie name of at most 64 letters, digits and dashes");
  return {
    kind,
    issuer,
    clientId: args.text(1),
    clientSecret: args.text(2),
    parameters,
    queryParameters,
    claims: words(5),
    upstream,
    place: loginPlace(callback, name, removed, purpose),
  };
}
