import { AppError } from "../../kernel/index.ts";
import { type CallArguments, type FilterContext, type FilterSpec, type Parameter, defineFilter } from "../../route/index.ts";
import { bearerToken, clientCredentials } from "../credentials.ts";
import { authorized, challenge, unauthorized } from "../decision.ts";
import { decidingFilter, tell } from "../filter-kit.ts";
import type { AuthRuntime } from "../runtime.ts";
import { authLimits } from "../settings.ts";
import { tokenData } from "../token-data.ts";
import { type TokenInfo, type TokenRule, allClaims, allPairs, anyClaim, anyPair } from "../token-rules.ts";
import { keyValues, resolveSecret } from "./arguments.ts";
import { issuerUrl } from "./authority-url.ts";

interface Introspection {
  readonly name: string;
  readonly issuer: string;
  readonly rule: TokenRule;
  readonly challenge: string;
  /** As the route has them; undefined: the endpoint is asked without saying who asks. */
  readonly client: { readonly id: string; readonly secret: string } | undefined;
  /** Whose answer it is: of another issuer, or to somebody else, it does not count. */
  readonly about: string;
}

async function ask(runtime: AuthRuntime, token: string, { issuer, client, about }: Introspection): Promise<TokenInfo> {
  const { metadata } = await runtime.authority({ kind: "issuer", url: issuer }).ready();
  const url = metadata?.introspection_endpoint;
  if (url === undefined) throw new AppError("AUTH_MALFORMED", `${issuer}: its metadata names no introspection_endpoint`);
  const authorization = client === undefined ? [] : ["Authorization", authorizationOf(runtime, client, issuer)];
  return runtime.tokens.ask(about, token, {
    name: "introspection",
    method: "POST",
    url,
    headers: ["Accept", "application/json", "Content-Type", "application/x-www-form-urlencoded", ...authorization],
    body: new URLSearchParams({ token }).toString(),
    timeoutMs: runtime.settings.introspectionTimeoutMs,
    limitBytes: authLimits.tokenAnswerBytes,
    isRepeatable: true,
  });
}

/** Throws AppError AUTH_SECRET when the client's id or secret cannot be had. */
function authorizationOf(runtime: AuthRuntime, client: NonNullable<Introspection["client"]>, issuer: string): string {
  const { introspectionClient: usual } = runtime.settings;
  const id = resolveSecret(runtime, client.id === "" ? usual.id : client.id);
  const secret = resolveSecret(runtime, client.secret === "" ? usual.secret : client.secret);
  if (id === undefined || secret === undefined || id === "")
    throw new AppError("AUTH_SECRET", `${issuer}: there is no client id or secret`);
  return clientCredentials(id, secret);
}

function decide(context: FilterContext, { about, rule, challenge: plain }: Introspection, info: TokenInfo): void {
  const { sub, active, exp } = info;
  const invalid = `${plain}, error="invalid_token"`;
  const isOver = typeof exp === "number" && exp * 1000 + authLimits.clockSkewMs < context.nowMs;
  if (active !== true || isOver) return unauthorized(context, "inactive-token", invalid);
  if (typeof sub !== "string") return unauthorized(context, "invalid-sub-in-token", plain);
  if (!rule(info)) return unauthorized(context, "invalid-claim", plain, sub);
  tokenData.keepIntrospected(context, { about, info });
  authorized(context, sub);
}

function judge(context: FilterContext, runtime: AuthRuntime, introspection: Introspection): void | Promise<void> {
  const { issuer, about } = introspection;
  runtime.authority({ kind: "issuer", url: issuer }).use();
  const earlier = tokenData.introspected(context);
  if (earlier?.about === about) return decide(context, introspection, earlier.info);
  const token = bearerToken(context);
  if (token === undefined) return unauthorized(context, "missing-token", introspection.challenge);
  const known = runtime.tokens.known(about, token);
  return known === undefined ? askAndDecide(context, runtime, introspection, token) : decide(context, introspection, known);
}

async function askAndDecide(context: FilterContext, runtime: AuthRuntime, introspection: Introspection, token: string): Promise<void> {
  const { signal } = context;
  let info: TokenInfo;
  try {
    info = await ask(runtime, token, introspection);
  } catch (thrown) {
    // A token that is not good is answered with 200 and `active: false` (RFC 7662 section 2.2): this says nothing about it.
    tell(runtime, introspection.name, thrown);
    if (!signal.aborted) unauthorized(context, "auth-service-access", introspection.challenge);
    return;
  }
  if (!signal.aborted) decide(context, introspection, info);
}

const issuerParameter: Parameter = { name: "issuer", type: "text", what: "URL of the issuer, whose metadata says where to ask" };
const clientParameters: readonly Parameter[] = [
  {
    name: "clientId",
    type: "text",
    what: "who asks; empty: `OAUTH_CLIENT_ID` of the environment; `secretRef:PATH`: what a file of `--credentials-paths` says",
    isSecret: "always",
  },
  { name: "clientSecret", type: "text", what: "likewise, `OAUTH_CLIENT_SECRET`", isSecret: "always" },
];
const claims: readonly Parameter[] = [{ name: "claim", type: "text", what: "name of a claim", occurs: "repeated" }];
const pairs: readonly Parameter[] = [
  { name: "key", type: "text", what: "in the answer of the authority", occurs: "repeated" },
  { name: "value", type: "text", what: "its text", occurs: "repeated" },
];

const KINDS: readonly {
  readonly suffix: string;
  readonly which: string;
  readonly parameters: readonly Parameter[];
  readonly ruleOf: (args: CallArguments, from: number) => TokenRule;
}[] = [
  { suffix: "AnyClaims", which: "one of the claims", parameters: claims, ruleOf: (args, from) => anyClaim(args.texts(from)) },
  { suffix: "AllClaims", which: "all of the claims", parameters: claims, ruleOf: (args, from) => allClaims(args.texts(from)) },
  { suffix: "AnyKV", which: "one of the pairs", parameters: pairs, ruleOf: (args, from) => anyPair(keyValues(args, from)) },
  { suffix: "AllKV", which: "all of the pairs", parameters: pairs, ruleOf: (args, from) => allPairs(keyValues(args, from)) },
];

/** Filters that ask an issuer by RFC 7662. */
export function introspectionFilters(runtime: AuthRuntime | undefined): readonly FilterSpec[] {
  return [false, true].flatMap((isSecure) =>
    KINDS.map(({ suffix, which, parameters, ruleOf }) => {
      const name = `${isSecure ? "secureOauth" : "oauth"}Tokenintrospection${suffix}`;
      return defineFilter({
        name,
        family: "Who somebody is",
        does: `asks the issuer${isSecure ? ", as a client it knows," : ""} about the bearer token (RFC 7662) and lets it pass if it is active and has ${which}; else 401, also when the issuer can not be asked.`,
        parameters: [issuerParameter, ...(isSecure ? clientParameters : []), ...parameters],
        deviations: [
          "The issuer's metadata is asked for in the background, kept, and used while the issuer is down; a claim that it does not list is not refused when the route is built.",
          "Claims count at the top of the answer, where RFC 7662 has them, as well as under `claims`.",
          "`WWW-Authenticate` is a Bearer challenge (RFC 6750), where Skipper sends the bare host name.",
        ],
        create(args) {
          const issuer = issuerUrl(args, 0);
          const client = isSecure ? { id: args.text(1), secret: args.text(2) } : undefined;
          const introspection: Introspection = {
            name,
            issuer,
            client,
            rule: ruleOf(args, isSecure ? 3 : 1),
            challenge: challenge("Bearer", new URL(issuer).hostname),
            about: JSON.stringify([issuer, client?.id, client?.secret]),
          };
          return decidingFilter(name, runtime, (context, live) => judge(context, live, introspection));
        },
      });
    }),
  );
}
