import type { LoadBalancer, Traffic } from "../../aws/index.ts";
import { AppError, messageOf } from "../../kernel/index.ts";
import { assertOurs, readBack } from "../apply/read-back.ts";
import { TAGS, isProtectionOurs } from "../plan/ownership.ts";
import type { OwnerReader } from "./owner-reader.ts";
import { DONE, type RemovalContext, type RemovalOutcome, waits } from "./removal-context.ts";
import { type Tombstone, tombstoneIn, tombstoneTag } from "./tombstone.ts";

/** How long a load balancer that nobody refers to serves on, and for how long it must have had no traffic. */
export interface QuarantineTimes {
  readonly quarantineMs: number;
  readonly quietMs: number;
  /** CloudWatch has the last minutes late. */
  readonly metricsDelayMs: number;
}

const MINUTE_MS = 60_000;
/** DNS answers are kept for 60 seconds, and longer by some; a day's rhythm is not waited for. */
export const QUARANTINE_TIMES: QuarantineTimes = Object.freeze({
  quarantineMs: 90 * MINUTE_MS,
  quietMs: 60 * MINUTE_MS,
  metricsDelayMs: 5 * MINUTE_MS,
});

/** What the last look at a load balancer asks. */
export interface LastLook {
  readonly context: RemovalContext;
  readonly times: QuarantineTimes;
  /** Fencing token of this leader. */
  readonly token: number;
  /** How long it has been watched in quarantine by this process, without a doubt; undefined before it is. */
  readonly watchedMs: number | undefined;
  /** Keys of those that it ever served and that are not served by another one now; undefined when nobody remembers. */
  readonly formerOwners: readonly string[] | undefined;
  /** Hosts in the status of any object that is known. */
  readonly statusHosts: ReadonlySet<string>;
  readonly owners: OwnerReader;
  readonly traffic: (loadBalancerArn: string, window: { readonly fromMs: number; readonly toMs: number }) => Promise<Traffic>;
  /** Who said that it may go without proof that nobody uses it; undefined when nobody. */
  readonly approvedBy: string | undefined;
  /** Takes one deletion from the budgets, and writes that down; answers why it must not be, undefined when it may. */
  readonly spend: () => Promise<string | undefined>;
}

/** `contradicted`: something says that it is needed, so that watching begins anew. `quarantined`: it is watched from now on. */
export type LoadBalancerOutcome = RemovalOutcome | { readonly state: "quarantined" | "contradicted"; readonly why: string };

interface Seen {
  readonly loadBalancer: LoadBalancer;
  readonly tags: ReadonlyMap<string, string>;
  readonly isProtected: boolean;
  readonly tombstone: Tombstone | undefined;
}

/**
 * One look at a load balancer that the hold has let go, and the next step of its removal if all is well: it is watched in quarantine, then every former
 * owner is asked for, and only then is it deleted. Every step can be the last one of this process: the tag says how far it came. Rejects with AppError.
 */
export async function removeLoadBalancer(look: LastLook): Promise<LoadBalancerOutcome> {
  const { context, times, watchedMs, approvedBy } = look;
  const arn = context.resources.needLoadBalancer();
  const seen = await lookAt(arn, context);
  if (seen === undefined) return DONE;
  const { tags, isProtected, tombstone } = seen;
  if (isProtected && !isProtectionOurs(tags))
    return waits("somebody else has switched its deletion protection on, or an object asked for it; switch it off by hand if it may go");
  const users = usersIn(seen, look);
  if (users !== undefined) return contradicted(users, seen, look);
  if (tombstone === undefined) {
    await write(arn, { phase: "quarantined", sinceWallMs: context.clock.wallMs(), token: look.token }, context);
    return { state: "quarantined", why: "it serves on and is watched" };
  }
  if (watchedMs === undefined) return { state: "quarantined", why: "it is watched anew, as this controller has not seen it so far" };
  if (approvedBy === undefined) {
    if (watchedMs < times.quarantineMs)
      return waits(`it is in quarantine for ${Math.ceil((times.quarantineMs - watchedMs) / 1000)} more seconds`);
    const noise = await trafficOf(seen.loadBalancer, look);
    if (noise !== undefined) return noise;
    if (look.formerOwners === undefined) return waits("whom it served is not known (state was lost); an approval is needed");
  }
  const needed = await neededBy(seen.loadBalancer, look);
  if (needed !== undefined) return contradicted(needed, seen, look);
  const overBudget = await look.spend();
  if (overBudget !== undefined) return waits(overBudget);
  return destroy(seen, look);
}

async function lookAt(arn: string, { aws, calls, ownership, resources }: RemovalContext): Promise<Seen | undefined> {
  let loadBalancer: LoadBalancer;
  try {
    loadBalancer = await calls.read("elasticloadbalancing:DescribeLoadBalancers", () => aws.elb.loadBalancer(arn));
  } catch (error) {
    if (error instanceof AppError && error.code === "AWS_NOT_FOUND") return undefined;
    throw error;
  }
  const tags = (await calls.read("elasticloadbalancing:DescribeTags", () => aws.elb.tags([arn]))).get(arn) ?? new Map<string, string>();
  assertOurs(`load balancer ${arn}`, tags, ownership, resources.name);
  const attributes = await calls.read("elasticloadbalancing:DescribeLoadBalancerAttributes", () => aws.elb.loadBalancerAttributes(arn));
  const protection = attributes.get(PROTECTION);
  if (protection !== "true" && protection !== "false")
    throw new AppError("AWS_INCOMPLETE", `DescribeLoadBalancerAttributes of ${arn} lacks ${PROTECTION}`, { retry: "idempotent" });
  return { loadBalancer, tags, isProtected: protection === "true", tombstone: tombstoneIn(tags) };
}

const PROTECTION = "deletion_protection.enabled";

/** Who needs it by what is known anyway. */
function usersIn({ loadBalancer: { dnsName } }: Seen, { context, statusHosts }: LastLook): string | undefined {
  if (context.knowledge.desired.has(context.resources.name)) return "it is wanted again";
  return statusHosts.has(dnsName.toLowerCase()) ? `the status of an object names ${dnsName}` : undefined;
}

async function trafficOf({ arn }: LoadBalancer, { traffic, times, context }: LastLook): Promise<LoadBalancerOutcome | undefined> {
  const toMs = context.clock.wallMs() - times.metricsDelayMs;
  let seen: Traffic;
  try {
    seen = await traffic(arn, { fromMs: toMs - times.quietMs, toMs });
  } catch (error) {
    return waits(`whether it is used cannot be told (${messageOf(error)}); an approval is needed if that stays so`);
  }
  const used = seen.requestCount ?? seen.activeFlowCount;
  const connections = seen.activeConnectionCount ?? seen.activeFlowCount;
  if (used === undefined || connections === undefined)
    return waits("CloudWatch does not say whether it is used; an approval is needed if that stays so");
  const minutes = Math.round(times.quietMs / MINUTE_MS);
  if (used > 0 || connections > 0)
    return {
      state: "contradicted",
      why: `it was used in the last ${minutes} minutes (${used} requests or flows, ${connections} connections)`,
    };
  return undefined;
}

/** Asks for every former owner by its name. Rejects when one cannot be asked for. */
async function neededBy({ dnsName }: LoadBalancer, { formerOwners, owners }: LastLook): Promise<string | undefined> {
  for (const owner of formerOwners ?? []) {
    const found = await owners.find(owner);
    if (found?.statusHosts.includes(dnsName.toLowerCase()) === true) return `${owner} is there, and its status names ${dnsName}`;
  }
  return undefined;
}

/** Somebody needs it: what was taken off is put on again. */
async function contradicted(why: string, seen: Seen, { context }: LastLook): Promise<LoadBalancerOutcome> {
  if (seen.tombstone?.phase === "deleting") await takeBack(seen.loadBalancer.arn, seen.isProtected, context);
  return { state: "contradicted", why };
}

/**
 * What was begun is undone: deletion protection on again, and the tag off, last. The protection is ours from now on, unless somebody else switched it on
 * meanwhile.
 */
export async function takeBack(arn: string, isProtected: boolean, { aws, calls }: Pick<RemovalContext, "aws" | "calls">): Promise<void> {
  if (!isProtected) {
    await calls.write("elasticloadbalancing:AddTags", () => aws.elb.addTags([arn], new Map([[TAGS.protection, "wanted"]])));
    await calls.write("elasticloadbalancing:ModifyLoadBalancerAttributes", () =>
      aws.elb.modifyLoadBalancerAttributes(arn, new Map([[PROTECTION, "true"]])),
    );
    await calls.write("elasticloadbalancing:AddTags", () => aws.elb.addTags([arn], new Map([[TAGS.protection, "set"]])));
  }
  await calls.write("elasticloadbalancing:RemoveTags", () => aws.elb.removeTags([arn], [TAGS.removal]));
}

async function write(arn: string, tombstone: Tombstone, { aws, calls, clock, readBack: times }: RemovalContext): Promise<void> {
  const tag = tombstoneTag(tombstone);
  await calls.write("elasticloadbalancing:AddTags", () => aws.elb.addTags([arn], tag));
  const isThere = async (): Promise<string | undefined> => {
    const tags = (await calls.read("elasticloadbalancing:DescribeTags", () => aws.elb.tags([arn]))).get(arn);
    return tags?.get(TAGS.removal) === tag.get(TAGS.removal) ? undefined : "the tag of its removal is not there";
  };
  await readBack(`load balancer ${arn}`, isThere, clock, times);
}

/** From here on it is gone soon. The tag comes first, so that whoever finds it unprotected knows by whom. */
async function destroy(
  { loadBalancer: { arn }, tags, isProtected, tombstone }: Seen,
  { context, token }: LastLook,
): Promise<RemovalOutcome> {
  const { aws, calls, clock, resources } = context;
  const sinceWallMs = tombstone?.sinceWallMs ?? clock.wallMs();
  // A deletion that AWS refuses is tried again and again: what stands there already is not written each time.
  if (tombstone?.phase !== "deleting" || tombstone.token !== token) await write(arn, { phase: "deleting", sinceWallMs, token }, context);
  if (isProtected) {
    await calls.write("elasticloadbalancing:ModifyLoadBalancerAttributes", () =>
      aws.elb.modifyLoadBalancerAttributes(arn, new Map([[PROTECTION, "false"]])),
    );
    const isOff = async (): Promise<string | undefined> =>
      (await lookAt(arn, context))?.isProtected === true ? "its deletion protection is still on" : undefined;
    await readBack(`load balancer ${arn}`, isOff, clock, context.readBack);
  }
  // From now on, protection that is on is somebody else's.
  if (tags.has(TAGS.protection)) await calls.write("elasticloadbalancing:RemoveTags", () => aws.elb.removeTags([arn], [TAGS.protection]));
  const again = await lookAt(arn, context);
  if (again === undefined) return DONE;
  if (again.isProtected) return waits("somebody else has switched its deletion protection on meanwhile");
  if (again.tombstone?.token !== token) return waits("another controller has its removal in hand");
  await calls.write("elasticloadbalancing:DeleteLoadBalancer", () => aws.elb.deleteLoadBalancer(arn));
  await readBack(
    `load balancer ${arn}`,
    async () => ((await lookAt(arn, context)) === undefined ? undefined : "it is still there"),
    clock,
    context.readBack,
  );
  resources.loadBalancerArn = undefined;
  return DONE;
}
