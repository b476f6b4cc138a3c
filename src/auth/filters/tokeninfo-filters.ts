import { AppError } from "../../kernel/index.ts";
import {
  type CallArguments,
  type FilterContext,
  type FilterSpec,
  type Parameter,
  compileRegexp,
  defineFilter,
  isAnnotated,
} from "../../route/index.ts";
import { bearerToken } from "../credentials.ts";
import { authorized, challenge, forbidden, unauthorized } from "../decision.ts";
import { decidingFilter, tell } from "../filter-kit.ts";
import type { AuthRuntime } from "../runtime.ts";
import type { AuthSettings } from "../settings.ts";
import { tokenData } from "../token-data.ts";
import { type TokenInfo, type TokenRule, allPairs, allScopes, anyPair, anyScope } from "../token-rules.ts";
import { keyValues } from "./arguments.ts";
import { readYamlArgument, textsIn } from "./yaml-argument.ts";

const FAMILY = "Who somebody is";

type Tokeninfo = NonNullable<AuthSettings["tokeninfo"]>;

/** What a filter does with what there is to know of a token: `why` in place of it when there is nothing. */
interface Judgement {
  readonly accept: (context: FilterContext, info: TokenInfo) => void;
  readonly refuse: (context: FilterContext, why: "missing-bearer-token" | "invalid-token" | "auth-service-access") => void;
}

function judge(context: FilterContext, runtime: AuthRuntime, { url, timeoutMs }: Tokeninfo, judgement: Judgement): void | Promise<void> {
  const earlier = tokenData.tokeninfo(context);
  if (earlier !== undefined) return judgement.accept(context, earlier);
  const token = bearerToken(context);
  if (token === undefined) return judgement.refuse(context, "missing-bearer-token");
  const known = runtime.tokens.known(url, token);
  return known === undefined ? ask(context, runtime, { url, timeoutMs }, token, judgement) : judgement.accept(context, known);
}

async function ask(
  context: FilterContext,
  runtime: AuthRuntime,
  { url, timeoutMs }: Tokeninfo,
  token: string,
  { accept, refuse }: Judgement,
): Promise<void> {
  const { signal } = context;
  let info: TokenInfo;
  try {
    info = await runtime.tokens.askTokeninfo(url, token, timeoutMs);
  } catch (thrown) {
    const isRefused = thrown instanceof AppError && thrown.code === "AUTH_REFUSED";
    if (!isRefused) tell(runtime, "tokeninfo", thrown);
    if (!signal.aborted) refuse(context, isRefused ? "invalid-token" : "auth-service-access");
    return;
  }
  if (!signal.aborted) accept(context, info);
}

function userOf({ uid }: TokenInfo): string {
  return typeof uid === "string" ? uid : "";
}

function refuser(realm: string): Judgement["refuse"] {
  const plain = challenge("Bearer", realm);
  return (context, why) => unauthorized(context, why, why === "invalid-token" ? `${plain}, error="invalid_token"` : plain);
}

/** Throws AppError `ROUTE_ARGUMENT` when the router does not know whom to ask; undefined where nobody is to be asked. */
function tokeninfoOf(settings: AuthSettings | undefined): Tokeninfo | undefined {
  if (settings !== undefined && settings.tokeninfo === undefined)
    throw new AppError("ROUTE_ARGUMENT", "the router was started without --oauth2-tokeninfo-url URL, which says whom to ask");
  return settings?.tokeninfo;
}

const scopes: Parameter = { name: "scope", type: "text", what: "of the token", occurs: "repeated" };
const pairs: readonly Parameter[] = [
  { name: "key", type: "text", what: "in the answer of the authority", occurs: "repeated" },
  { name: "value", type: "text", what: "its text", occurs: "repeated" },
];
const ASKS = "asks the authority of `--oauth2-tokeninfo-url` about the bearer token";
const DEVIATIONS = [
  "`WWW-Authenticate` is a Bearer challenge (RFC 6750), where Skipper sends the bare host name.",
  "A request with several Authorization lines has no token: nobody knows which one the back end reads.",
];
const KINDS: readonly {
  readonly suffix: string;
  readonly which: string;
  readonly parameters: readonly Parameter[];
  readonly ruleOf: (args: CallArguments) => TokenRule;
}[] = [
  { suffix: "AnyScope", which: "one of the scopes", parameters: [scopes], ruleOf: (args) => anyScope(args.texts()) },
  { suffix: "AllScope", which: "all of the scopes", parameters: [scopes], ruleOf: (args) => allScopes(args.texts()) },
  { suffix: "AnyKV", which: "one of the pairs", parameters: pairs, ruleOf: (args) => anyPair(keyValues(args, 0)) },
  { suffix: "AllKV", which: "all of the pairs", parameters: pairs, ruleOf: (args) => allPairs(keyValues(args, 0)) },
];

/** Filters that ask the authority of tokeninfo. `settings` undefined: what the router will be told is not known. */
export function tokeninfoFilters(settings: AuthSettings | undefined, runtime: AuthRuntime | undefined): readonly FilterSpec[] {
  const filters = KINDS.map(({ suffix, which, parameters, ruleOf }) => {
    const name = `oauthTokeninfo${suffix}`;
    return defineFilter({
      name,
      family: FAMILY,
      does: `${ASKS} and lets it pass if it has ${which}; 401 when it is not good or the authority can not be asked, 403 when that is missing.`,
      parameters,
      deviations: DEVIATIONS,
      create(args) {
        const tokeninfo = tokeninfoOf(settings);
        const rule = ruleOf(args);
        const judgement: Judgement = {
          accept(context, info) {
            if (!rule(info)) return forbidden(context, "invalid-scope", userOf(info));
            tokenData.keepTokeninfo(context, info);
            authorized(context, userOf(info));
          },
          refuse: refuser(tokeninfo === undefined ? "" : new URL(tokeninfo.url).hostname),
        };
        return decidingFilter(name, runtime, (context, live) =>
          tokeninfo === undefined ? noUrl() : judge(context, live, tokeninfo, judgement),
        );
      },
    });
  });
  return [...filters, validateFilter(settings, runtime)];
}

function noUrl(): Promise<void> {
  return Promise.reject(new AppError("AUTH_NO_ROUTER", "whom to ask is not known"));
}

function validateFilter(settings: AuthSettings | undefined, runtime: AuthRuntime | undefined): FilterSpec {
  const name = "oauthTokeninfoValidate";
  return defineFilter({
    name,
    family: FAMILY,
    does: `${ASKS} unless a filter before it did, or the route or host is left out; 401 with a text of yours when it is not good.`,
    parameters: [
      {
        name: "options",
        type: "text",
        what: "YAML with `optOutAnnotations`, a list of keys of `annotate`, `optOutHosts`, a list of expressions, and `unauthorizedResponse`, a text",
      },
    ],
    deviations: DEVIATIONS,
    create(args) {
      const tokeninfo = tokeninfoOf(settings);
      const options = readYamlArgument(args, 0, ["optOutAnnotations", "optOutHosts", "unauthorizedResponse"]);
      const annotations = textsIn(args, options, "optOutAnnotations");
      const hosts = textsIn(args, options, "optOutHosts").map((text) => compileRegexp(text));
      const text = options["unauthorizedResponse"] ?? "";
      if (typeof text !== "string") throw args.refusal("a text as unauthorizedResponse");
      const body = text === "" ? undefined : Buffer.from(text);
      const plain = refuser(tokeninfo === undefined ? "" : new URL(tokeninfo.url).hostname);
      const judgement: Judgement = {
        accept(context, info) {
          tokenData.keepTokeninfo(context, info);
          authorized(context, userOf(info));
        },
        refuse(context, why) {
          plain(context, why);
          if (body !== undefined) context.respond(401, [...context.responseHeaders], body);
        },
      };
      return decidingFilter(name, runtime, (context, live) => {
        if (isAnnotated(context, annotations) || hosts.some((host) => host.test(context.host))) return undefined;
        return tokeninfo === undefined ? noUrl() : judge(context, live, tokeninfo, judgement);
      });
    },
  });
}
