import { AwsError } from "../wire/aws-error.ts";
import { integer, requiredText } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import { readServiceModel } from "../wire/service-model.ts";
import type { AccessKey } from "../wire/signature.ts";
import type { ActionCall, AwsService, Read, Step, Write } from "../world/actions.ts";
import { digits } from "../world/ids.ts";
import { type AwsWorld, withRecord } from "../world/world.ts";

/** A role of the account. */
export interface Role {
  /** Whether somebody, by ARN, or a workload, by the subject of its token, may assume it. */
  readonly trusts: (who: string) => boolean;
  readonly maxSessionSeconds: number;
}

/** What the token of a workload says. */
export interface WebIdentity {
  /** `system:serviceaccount:NAMESPACE:NAME` */
  readonly subject: string;
  readonly audience: string;
  /** The ARN of the identity provider. */
  readonly provider: string;
}

export interface StsOptions {
  /** By ARN. */
  readonly roles: ReadonlyMap<string, Role>;
  /** Checks the signature and the lifetime of a token. */
  readonly verifyToken: (token: string) => WebIdentity | "expired" | "invalid";
  /** So many characters that nobody can guess. */
  readonly newSecret: (characters: number) => string;
}

const USUAL_SECONDS = 3_600;
/** The longest session of a role that was assumed by a role ("role chaining"). */
const CHAINED_SECONDS = 3_600;
/** So long requests that are signed with an expired key are told so; afterwards nobody knows the key. */
const REMEMBERED_MS = 24 * 3_600_000;

const getCallerIdentity: Read = (_world, { account, principal }) => ({
  UserId: userIdOf(principal),
  Account: account,
  Arn: principal,
});

function userIdOf(principal: string): string {
  const [, role = "", session] = /:assumed-role\/([^/]+)\/(.+)$/.exec(principal) ?? [];
  return session === undefined ? `AIDA${digits(17, [principal]).toUpperCase()}` : `${roleId(role)}:${session}`;
}

function roleId(roleName: string): string {
  return `AROA${digits(17, [roleName]).toUpperCase()}`;
}

function assumeRole({ roles, newSecret }: StsOptions): Write {
  return (world, call) => {
    const arn = requiredText(call.input, "RoleArn");
    const role = roles.get(arn);
    if (role?.trusts(call.principal) !== true)
      throw new AwsError("AccessDenied", `User: ${call.principal} is not authorized to perform: sts:AssumeRole on resource: ${arn}`, 403);
    const isChained = call.principal.includes(":assumed-role/");
    const seconds = integer(call.input, "DurationSeconds") ?? USUAL_SECONDS;
    if (isChained && seconds > CHAINED_SECONDS)
      throw new AwsError(
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
      );
    return withSession(world, call, arn, role, newSecret);
  };
}

function assumeRoleWithWebIdentity({ roles, verifyToken, newSecret }: StsOptions): Write {
  return (world, call) => {
    const arn = requiredText(call.input, "RoleArn");
    const identity = verifyToken(requiredText(call.input, "WebIdentityToken"));
    if (identity === "expired")
      throw new AwsError("ExpiredTokenException", "Token expired: current date/time must be before the expiration date/time");
    if (identity === "invalid")
      throw new AwsError(
        "InvalidIdentityToken",
        "Couldn't retrieve verification key from your identity provider, or the token is not signed with it",
      );
    const role = roles.get(arn);
    if (role?.trusts(identity.subject) !== true)
      throw new AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403);
    const { world: next, output } = withSession(world, call, arn, role, newSecret);
    const { subject, audience, provider } = identity;
    return { world: next, output: { ...output, SubjectFromWebIdentityToken: subject, Audience: audience, Provider: provider } };
  };
}

function withSession(
  world: AwsWorld,
  { input, account, nowMs }: ActionCall,
  roleArn: string,
  { maxSessionSeconds }: Role,
  newSecret: StsOptions["newSecret"],
): { readonly world: AwsWorld; readonly output: Fields } {
  const seconds = integer(input, "DurationSeconds") ?? USUAL_SECONDS;
  if (seconds > maxSessionSeconds)
    throw new AwsError("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  const roleName = roleArn.slice(roleArn.lastIndexOf("/") + 1);
  const sessionName = requiredText(input, "RoleSessionName");
  const principal = `arn:aws:sts::${account}:assumed-role/${roleName}/${sessionName}`;
  const id = `ASIA${digits(16, [principal, nowMs, world.version]).toUpperCase()}`;
  const expiresAtMs = nowMs + seconds * 1000;
  const sessionToken = newSecret(160);
  const key: AccessKey = { id, secret: newSecret(40), sessionToken, expiresAtMs, principal };
  return {
    world: withRecord(world, "sessions", id, key),
    output: {
      Credentials: { AccessKeyId: id, SecretAccessKey: key.secret, SessionToken: sessionToken, Expiration: new Date(expiresAtMs) },
      AssumedRoleUser: { AssumedRoleId: `${roleId(roleName)}:${sessionName}`, Arn: principal },
    },
  };
}

const forget: Step = (world, nowMs) => {
  let next = world;
  for (const { id, expiresAtMs = Infinity } of world.sessions.values())
    if (nowMs - expiresAtMs >= REMEMBERED_MS) next = withRecord(next, "sessions", id, undefined);
  return next;
};

/** AWS Security Token Service, version 2011-06-15. */
export function sts(options: StsOptions): AwsService {
  return {
    model: readServiceModel("sts"),
    reads: { GetCallerIdentity: getCallerIdentity },
    writes: { AssumeRole: assumeRole(options), AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity(options) },
    step: forget,
  };
}
