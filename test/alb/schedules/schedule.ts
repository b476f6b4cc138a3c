import * as fc from "fast-check";
import type { ApiLie } from "../kit/api-proxy.ts";
import { faultColumns } from "../matrix/faults.ts";

/** One thing that happens to the cluster, its account, or the controller. Times are minutes. */
export type Act =
  | { readonly do: "put"; readonly object: (typeof OBJECTS)[number]; readonly form: Form }
  | { readonly do: "remove"; readonly object: (typeof OBJECTS)[number] }
  /** A newer certificate for a host appears; the old one's time is over. */
  | { readonly do: "issue" | "expire" }
  /** A node goes at once, or two minutes after its notice. */
  | { readonly do: "terminate" | "spot notice"; readonly node: number }
  | { readonly do: "lose zone"; readonly zone: (typeof ZONES)[number]; readonly minutes: number }
  | { readonly do: "fault"; readonly action: string; readonly fault: string; readonly minutes: number }
  | { readonly do: "lie"; readonly about: keyof typeof SUBJECTS; readonly answer: ApiLie; readonly minutes: number }
  /** Another one takes the lease, and is not heard of again. */
  | { readonly do: "take lease" }
  /** Dead without a word, and started again; or ended in order, and started again. */
  | { readonly do: "kill" | "restart" };

export interface Happening {
  readonly atMinute: number;
  readonly act: Act;
}

/** In order of time. */
export type Schedule = readonly Happening[];

/** A way to write an object: its hosts, and its annotations. */
export interface Form {
  readonly hosts: (typeof HOSTS)[number];
  readonly wish: keyof typeof WISHES;
}

export const OBJECTS = ["Ingress a", "Ingress b", "Ingress c", "RouteGroup d"] as const;
const HOSTS = [
  ["www.example.org"],
  ["shop.example.org"],
  ["elsewhere.example.com"],
  ["api.example.org", "www.example.org"],
  ["shop.example.org", "elsewhere.example.com"],
] as const;

export const WISHES = {
  plain: {},
  internal: { "zalando.org/aws-load-balancer-scheme": "internal" },
  "of its own": { "zalando.org/aws-load-balancer-shared": "false" },
  "another policy": { "zalando.org/aws-load-balancer-ssl-policy": "ELBSecurityPolicy-2016-08" },
  "in a group": { "alb.ingress.kubernetes.io/group.name": "together" },
  /** Its last valid version stands. */
  mistyped: { "zalando.org/aws-load-balancer-scheme": "intern" },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export const SUBJECTS = {
  ingresses: /\/ingresses/,
  routegroups: /\/routegroups/,
  kinds: /\/(ingresses|routegroups|ingressclasses)/,
  everything: /./,
} as const;

export const ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] as const;

const ACTIONS = [
  "DescribeLoadBalancers",
  "DescribeTargetGroups",
  "DescribeListeners",
  "DescribeListenerCertificates",
  "DescribeTags",
  "DescribeTargetHealth",
  "DescribeLoadBalancerAttributes",
  "DescribeAutoScalingGroups",
  "DescribeLoadBalancerTargetGroups",
  "DescribeSubnets",
  "DescribeSecurityGroups",
  "ListCertificates",
  "DescribeCertificate",
  "CreateLoadBalancer",
  "CreateTargetGroup",
  "CreateListener",
  "CreateSecurityGroup",
  "AuthorizeSecurityGroupIngress",
  "AddListenerCertificates",
  "RemoveListenerCertificates",
  "ModifyListener",
  "ModifyLoadBalancerAttributes",
  "RegisterTargets",
  "AttachLoadBalancerTargetGroups",
  "AddTags",
  "DeleteLoadBalancer",
  "DeleteTargetGroup",
  "DetachLoadBalancerTargetGroups",
] as const;

const object = fc.constantFrom(...OBJECTS);
/** Some shorter than any wait, some longer than any hold. */
const minutes = fc.constantFrom(2, 10, 45, 240);
const put = fc.record({
  do: fc.constant("put" as const),
  object,
  form: fc.record({ hosts: fc.constantFrom(...HOSTS), wish: fc.constantFrom(...(Object.keys(WISHES) as (keyof typeof WISHES)[])) }),
});
const fault = fc
  .record({ action: fc.constantFrom(...ACTIONS), column: fc.constantFrom(...faultColumns), minutes })
  .filter(({ action, column }) => {
    const isWrite = !/^(Describe|List|Get)/.test(action);
    return (column.of === "all" || (column.of === "writes") === isWrite) && column.faultFor(action) !== undefined;
  })
  .map((one) => ({ do: "fault" as const, action: one.action, fault: one.column.name, minutes: one.minutes }));
const lie = fc.record({
  do: fc.constant("lie" as const),
  about: fc.constantFrom(...(Object.keys(SUBJECTS) as (keyof typeof SUBJECTS)[])),
  answer: fc.constantFrom<ApiLie>("empty", "half", "no-list", 403, 404, 500, "gone", "hang"),
  minutes,
});
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: put },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), object }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("issue" as const, "expire" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("terminate" as const, "spot notice" as const), node: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose zone" as const), zone: fc.constantFrom(...ZONES), minutes }) },
  { weight: 6, arbitrary: fault },
  { weight: 4, arbitrary: lie },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("take lease" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("kill" as const, "restart" as const) }) },
);

/** `most` things at most, one after the other within so many minutes. */
export function schedules(most: number, withinMinutes: number): fc.Arbitrary<Schedule> {
  const happening = fc.record({ atMinute: fc.integer({ min: 0, max: withinMinutes }), act });
  return fc
    .noBias(fc.array(happening, { minLength: 2, maxLength: most, size: "max" }))
    .map((all) => all.toSorted((one, other) => one.atMinute - other.atMinute));
}

export function textOf(schedule: Schedule): string {
  return schedule
    .map(({ atMinute, act: { do: what, ...more } }) => `${String(atMinute).padStart(4)} min  ${what} ${wordsOf(more)}`)
    .join("\n");
}

function wordsOf(more: object): string {
  return Object.entries(more)
    .map(([name, value]) =>
      name === "form" ? wordsOf(value as object) : name === "minutes" ? `for ${String(value)} minutes` : `${name}=${String(value)}`,
    )
    .join(" ");
}
