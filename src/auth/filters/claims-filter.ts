import { messageOf } from "../../kernel/index.ts";
import { type CallArguments, type FilterContext, type FilterSpec, defineFilter } from "../../route/index.ts";
import { type ClaimsQuery, readClaimsQuery } from "../claims-query.ts";
import { authorized, challenge, unauthorized } from "../decision.ts";
import { decidingFilter } from "../filter-kit.ts";
import type { AuthRuntime } from "../runtime.ts";
import { tokenData } from "../token-data.ts";

interface Grant {
  readonly prefix: string;
  readonly queries: readonly ClaimsQuery[];
}

/** `prefix:query query …`; spaces in quotes belong to a query, which may itself stand in quotes. */
function readGrant(args: CallArguments, at: number): Grant {
  const [, prefix = "", rest = ""] = /^([^:]+):(.*)$/s.exec(args.text(at)) ?? [];
  const texts: string[] = [];
  for (const part of rest.split(" ")) {
    const last = texts.at(-1);
    if (last === undefined || (last.match(/"/g) ?? []).length % 2 === 0) texts.push(part);
    else texts[texts.length - 1] = `${last} ${part}`;
  }
  try {
    return { prefix, queries: texts.map((text) => readClaimsQuery(/^(["'])(.*)\1$/s.exec(text)?.[2] ?? text)) };
  } catch (thrown) {
    throw args.refusal(`a path and queries, as in "/admin:groups.#[==\\"admins\\"]" (${messageOf(thrown)})`);
  }
}

function judge(context: FilterContext, grants: readonly Grant[]): void {
  const plain = challenge("Bearer", context.host);
  const claims = tokenData.claims(context);
  if (claims === undefined) return unauthorized(context, "missing-token", plain);
  const grant = grants.find(({ prefix }) => context.matchPath.startsWith(prefix));
  if (grant === undefined || !grant.queries.some((query) => query.holds(claims))) return unauthorized(context, "invalid-access", plain);
  const { sub } = claims;
  if (typeof sub !== "string") return unauthorized(context, "invalid-sub-in-token", plain);
  authorized(context, sub);
}

const KINDS = [
  { name: "oidcClaimsQuery", whose: "whose claims, as `jwtValidation` or `oauthOidc…` before it found them," },
  { name: "grantClaimsQuery", whose: "of whom the answers of tokeninfo, as `oauthGrant` before it got them," },
] as const;

/** The filters that ask of claims what they must be. */
export function claimsFilters(runtime: AuthRuntime | undefined): readonly FilterSpec[] {
  return KINDS.map(({ name, whose }) =>
    defineFilter({
      name,
      family: "Who somebody is",
      does: `lets through ${whose} are as one of the queries of the first path that the request's begins with; else 401, also without such a path.`,
      parameters: [
        {
          name: "grant",
          type: "text",
          what: 'path and queries, `/path:query query`; a query is `key`, `key.key`, `list.#[=="value"]`, `list.#(key=="value")` or `key=="value"` (also written `@_:key=="value"`); operators are `==`, `!=`, `<`, `<=`, `>`, `>=`, `%` and `!%` (like, with `*` and `?`)',
          occurs: "repeated",
        },
      ],
      deviations: [
        "Of GJSON there is what is said here, `#`, `#(…)#` and `@this`; the rest is refused. A list of none holds nothing.",
        "The path is that which routes are matched with.",
      ],
      create(args) {
        const grants = args.texts().map((_, at) => readGrant(args, at));
        return decidingFilter(name, runtime, (context) => judge(context, grants));
      },
    }),
  );
}
