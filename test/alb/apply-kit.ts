import type { TestContext } from "node:test";
import { type ApplyDeps, type Applied, apply } from "../../src/alb/apply/apply.ts";
import type { Decision } from "../../src/alb/apply/decision.ts";
import type { Observed } from "../../src/alb/plan/observed.ts";
import { TAGS } from "../../src/alb/plan/ownership.ts";
import type { Step } from "../../src/alb/plan/step.ts";
import { type Aws, connectAws } from "../../src/aws/index.ts";
import { seededRandom } from "../../src/kernel/index.ts";
import { type WatchedAccount, startAccount } from "./kit/account.ts";
import { CERTIFICATES, OWNERSHIP } from "./kit/first-world.ts";
import { JumpingClock } from "./kit/jumping-clock.ts";
import type { LiveObject } from "./kit/serving.ts";
import { UnderWay } from "./kit/under-way.ts";

export const NAME = "hf-lab-shop";
export const HEALTH_CHECK = {
  protocol: "HTTP",
  port: "traffic-port",
  path: "/healthz",
  intervalSeconds: 10,
  timeoutSeconds: 5,
  healthyThreshold: 2,
  unhealthyThreshold: 2,
  matcher: "200",
};
const KIND = { type: "application", scheme: "internet-facing", targetType: "ip" } as const;

export interface ApplyRig {
  readonly account: WatchedAccount;
  readonly clock: JumpingClock;
  readonly aws: Aws;
  readonly decisions: readonly Decision[];
  /** `live`: whom the watcher takes to be served. */
  readonly state: { live: readonly LiveObject[]; guard: () => number };
  /** Applies, while time goes by. */
  apply(steps: readonly Step[], observed?: Observed): Promise<Applied>;
  deps(): ApplyDeps;
  close(): Promise<void>;
}

/** A watched account and what applies steps to it; one at a time in a process, as all have its `Date`. */
export async function applyRig(t?: TestContext): Promise<ApplyRig> {
  const state = { live: [] as readonly LiveObject[], guard: (): number => 7 };
  const underWay = new UnderWay();
  const clock = new JumpingClock(underWay);
  const account = await startAccount({ clock, underWay, live: () => state.live });
  const { endpoint, credentials, region } = account;
  const decisions: Decision[] = [];
  const aws = connectAws({ endpoint, credentials, region, share: 50, guard: () => void state.guard() }, { clock, random: seededRandom(1) });
  let isClosed = false;
  const rig: ApplyRig = {
    account,
    clock,
    aws,
    decisions,
    state,
    deps: () => ({
      aws,
      ownership: OWNERSHIP,
      clock,
      readBack: { attempts: 3, pauseMs: 1_000 },
      guard: () => state.guard(),
      onDecision: (decision) => decisions.push(decision),
    }),
    async close() {
      if (isClosed) return;
      isClosed = true;
      aws.close();
      await account.close();
      clock.close();
      underWay.close();
    },
    apply: (steps, observed = nothing) => clock.during(apply(steps, observed, rig.deps()), 3_600_000),
  };
  t?.after(() => rig.close());
  return rig;
}

export const nothing: Observed = { stacks: new Map(), autoScalingGroups: { state: "fresh", value: [], atMs: 0 } };

/** All that makes a load balancer of addresses with HTTP and HTTPS. */
export function stackSteps(name = NAME, targets: readonly string[] = ["10.0.0.10", "10.0.1.10"]): readonly Step[] {
  const tags = new Map([["team", "shop"]]);
  const forward = { type: "forward" } as const;
  const http = { port: 80, protocol: "HTTP", sslPolicy: undefined, certificates: [], action: forward } as const;
  const https = {
    port: 443,
    protocol: "HTTPS",
    sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
    certificates: [CERTIFICATES.shop],
    action: forward,
  } as const;
  const group = { protocol: "HTTP", port: 9999, vpcId: "vpc-1", healthCheck: HEALTH_CHECK, attributes: new Map() } as const;
  const rules = [80, 443].map((port) => ({ cidr: "0.0.0.0/0", fromPort: port, toPort: port }));
  return [
    { effect: "add", type: "create-security-group", name, vpcId: "vpc-1", tags },
    { effect: "add", type: "authorize-ingress", name, rules },
    { effect: "add", type: "create-target-group", name, kind: KIND, group, tags },
    { effect: "add", type: "register-targets", name, targets: targets.map((id) => ({ id, port: 9999, zone: undefined })) },
    {
      effect: "add",
      type: "create-load-balancer",
      name,
      kind: KIND,
      ipAddressType: "ipv4",
      subnets: ["subnet-a", "subnet-b", "subnet-c"],
      securityGroups: "own",
      tags: new Map([...tags, [TAGS.protection, "wanted"]]),
    },
    { effect: "add", type: "create-listener", name, listener: http, tags },
    { effect: "add", type: "create-listener", name, listener: https, tags },
    { effect: "add", type: "add-certificates", name, port: 443, arns: [CERTIFICATES.wildcard] },
    {
      effect: "change",
      type: "set-load-balancer-attributes",
      name,
      attributes: new Map([["deletion_protection.enabled", "true"]]),
    },
    { effect: "change", type: "tag", name, what: "load-balancer", tags: new Map([[TAGS.protection, "set"]]) },
  ];
}
