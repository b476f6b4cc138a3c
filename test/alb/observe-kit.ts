import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Aws } from "../../src/aws/index.ts";
import type { Evidence } from "../../src/alb/evidence.ts";
import { tagsFor } from "../../src/alb/plan/ownership.ts";
import { type ObserveRequest, type Observer, type ObserverOptions, createObserver } from "../../src/alb/observe/observer.ts";
import { seededRandom, systemClock } from "../../src/kernel/index.ts";
import { ManualClock } from "../../src/kernel/testing/manual-clock.ts";
import { awsWithClient } from "../../src/lab/aws/testing/client-kit.ts";
import type { TestAccount } from "../../src/lab/aws/testing/test-account.ts";
import { CERTIFICATES, OWNERSHIP, firstWorld } from "./kit/first-world.ts";

export const HOUR_MS = 3_600_000;

export const OBSERVER_OPTIONS: ObserverOptions = {
  ownership: OWNERSHIP,
  vpcId: undefined,
  targetType: "instance",
  groupTags: undefined,
  certificateFilterTag: undefined,
  excludedCertificates: new Set(),
  readsIamCertificates: true,
  readsRules: false,
};

/** An account of which somebody else owns much, and an observer whose clock is turned by hand. */
export interface Observed {
  readonly account: TestAccount;
  readonly aws: Aws;
  readonly clock: ManualClock;
  readonly observer: Observer;
  observe(...names: readonly string[]): ReturnType<Observer["observe"]>;
  /** Reads made by `run`. */
  calls(run: () => Promise<unknown>): Promise<readonly string[]>;
}

export async function observed(t: TestContext, options: Partial<ObserverOptions> = {}): Promise<Observed> {
  const world = firstWorld(systemClock.wallMs());
  const { account, aws } = await awsWithClient(t, {
    account: { world },
    // A busy machine takes its time, and nothing here waits for a call to fail.
    client: { times: { timeoutMs: 60_000, attemptTimeoutMs: 20_000 } },
  });
  const clock = new ManualClock();
  const observer = createObserver(aws, { ...OBSERVER_OPTIONS, ...options }, { clock, random: seededRandom(1) });
  const request = (names: readonly string[]): ObserveRequest => ({ names, readsWebAcls: false });
  return {
    account,
    aws,
    clock,
    observer,
    observe: (...names) => observer.observe(request(names)),
    async calls(run) {
      const before = account.calls.length;
      await run();
      return account.calls.slice(before).map(({ action }) => action);
    },
  };
}

/** Makes a load balancer of ours as the controller would, with its nodes; answers its ARN and its target group's. */
export async function stackOf(
  aws: Aws,
  name: string,
  targetType: "instance" | "ip" = "instance",
): Promise<{ readonly balancer: string; readonly group: string }> {
  const tags = tagsFor(OWNERSHIP, name);
  const healthCheck = {
    protocol: "HTTP",
    port: "9998",
    path: "/healthz",
    intervalSeconds: 10,
    timeoutSeconds: 5,
    healthyThreshold: 2,
    unhealthyThreshold: 2,
    matcher: "200",
  };
  const { arn: group } = await aws.elb.createTargetGroup({
    name,
    protocol: "HTTP",
    port: 9999,
    vpcId: "vpc-1",
    targetType,
    healthCheck,
    tags,
  });
  const { arn: balancer } = await aws.elb.createLoadBalancer({
    name,
    type: "application",
    scheme: "internet-facing",
    ipAddressType: "ipv4",
    subnets: ["subnet-a", "subnet-b", "subnet-c"],
    securityGroups: ["sg-1"],
    tags,
  });
  const actions = [{ type: "forward", groups: [{ arn: group, weight: 1 }] }] as const;
  await aws.elb.createListener(balancer, { port: 80, protocol: "HTTP", sslPolicy: undefined, certificate: undefined, actions }, tags);
  await aws.elb.createListener(
    balancer,
    { port: 443, protocol: "HTTPS", sslPolicy: "ELBSecurityPolicy-2016-08", certificate: CERTIFICATES.shop, actions },
    tags,
  );
  return { balancer, group };
}

/** The value of evidence that has to be in one of these states. */
export function valueOf<T>(evidence: Evidence<T> | undefined, ...states: readonly string[]): T {
  assert.ok(evidence !== undefined);
  assert.ok(states.includes(evidence.state), JSON.stringify(evidence));
  assert.ok(evidence.state !== "unknown");
  return evidence.value;
}

/** A load balancer is provisioned at once. */
export function setActive({ store }: TestAccount, balancer: string): void {
  const record = store.now.loadBalancers.get(balancer);
  assert.ok(record !== undefined);
  store.put({ ...store.now, loadBalancers: new Map([...store.now.loadBalancers, [balancer, { ...record, activeAtMs: 0 }]]) }, Date.now());
}
