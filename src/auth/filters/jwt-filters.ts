import { AppError } from "../../kernel/index.ts";
import { type FilterContext, type FilterSpec, defineFilter } from "../../route/index.ts";
import type { AuthorityId } from "../authority-store.ts";
import { bearerToken } from "../credentials.ts";
import { authorized, challenge, unauthorized } from "../decision.ts";
import { decidingFilter } from "../filter-kit.ts";
import type { AuthRuntime } from "../runtime.ts";
import { tokenData } from "../token-data.ts";
import type { Claims } from "../token-verifier.ts";
import { authorityUrl, issuerUrl } from "./authority-url.ts";

interface Wanted {
  readonly id: AuthorityId;
  readonly audiences: readonly string[];
  readonly needsSubject: boolean;
  readonly challenge: string;
}

function accept(context: FilterContext, wanted: Wanted, claims: Claims): void {
  const { sub } = claims;
  if (typeof sub !== "string" && wanted.needsSubject) return unauthorized(context, "invalid-sub-in-token", wanted.challenge);
  tokenData.keepClaims(context, claims);
  authorized(context, typeof sub === "string" ? sub : "");
}

function judge(context: FilterContext, runtime: AuthRuntime, wanted: Wanted): void | Promise<void> {
  const authority = runtime.authority(wanted.id);
  authority.use();
  const token = bearerToken(context);
  if (token === undefined) return unauthorized(context, "missing-token", wanted.challenge);
  const known = runtime.verifier.known(token, authority, wanted.audiences);
  return known === undefined ? verify(context, runtime, wanted, token) : accept(context, wanted, known);
}

async function verify(context: FilterContext, runtime: AuthRuntime, wanted: Wanted, token: string): Promise<void> {
  const { signal } = context;
  let claims: Claims;
  try {
    claims = await runtime.verifier.verify(token, runtime.authority(wanted.id), wanted.audiences);
  } catch (thrown) {
    // That no key is known says nothing about the token.
    if (!(thrown instanceof AppError) || thrown.code !== "AUTH_TOKEN") throw thrown;
    if (!signal.aborted) unauthorized(context, "invalid-token", `${wanted.challenge}, error="invalid_token"`);
    return;
  }
  if (!signal.aborted) accept(context, wanted, claims);
}

const FAMILY = "Who somebody is";
const DEVIATIONS = [
  "Keys are asked for in the background, kept in the snapshot folder, and used while the authority is down, for a week; while none are known 503. A key that is gone from the set is believed until it was missing three times in a quarter of an hour, a set without keys is not believed.",
  "Believed are RS, PS and ES 256 to 512 and EdDSA; `exp` must be there; clocks may differ by 5 s. A good token is not checked again for a minute.",
  "A request with several Authorization lines has no token: nobody knows which one the back end reads.",
];

/** Filters that check signed tokens. */
export function jwtFilters(runtime: AuthRuntime | undefined): readonly FilterSpec[] {
  return [
    defineFilter({
      name: "jwtValidation",
      family: FAMILY,
      does: "lets a bearer token pass that the issuer signed (RFC 7519) and that is in its time; else 401. `setContextRequestHeader` finds its subject under `auth-user`, `forwardTokenField` and `oidcClaimsQuery` its claims.",
      parameters: [
        {
          name: "issuer",
          type: "text",
          what: "URL of the issuer, whose metadata (`/.well-known/openid-configuration`) says where its keys are and what its tokens have as `iss`",
        },
        {
          name: "audience",
          type: "text",
          what: "one of those that the token must be for (`aud`); without any it may be for anybody",
          occurs: "any",
        },
      ],
      deviations: ["Skipper does not look at `iss`, and knows no audience.", ...DEVIATIONS],
      create(args) {
        const url = issuerUrl(args, 0);
        const wanted: Wanted = {
          id: { kind: "issuer", url },
          audiences: args.texts(1),
          needsSubject: true,
          challenge: challenge("Bearer", new URL(url).hostname),
        };
        return decidingFilter("jwtValidation", runtime, (context, live) => judge(context, live, wanted));
      },
    }),
    defineFilter({
      name: "jwtValidationKeys",
      family: FAMILY,
      does: "is `jwtValidation` with a set of keys in place of an issuer: whoever has one of them may have signed, and `sub` need not be there.",
      parameters: [{ name: "keys", type: "text", what: "URL of the key set (RFC 7517); its query is shown nowhere", isSecret: "query" }],
      deviations: DEVIATIONS,
      create(args) {
        const url = authorityUrl(args, 0);
        const wanted: Wanted = {
          id: { kind: "keys", url },
          audiences: [],
          needsSubject: false,
          challenge: challenge("Bearer", new URL(url).hostname),
        };
        return decidingFilter("jwtValidationKeys", runtime, (context, live) => judge(context, live, wanted));
      },
    }),
  ];
}
