import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveAll } from "./resolve.ts";
import { SETTINGS, desired, network, subnet } from "./testing/desired-kit.ts";
import { fresh } from "./testing/model-account.ts";

const resolved = (
  wanted: Parameters<typeof desired>[0] = {},
  net: Parameters<typeof network>[0] = {},
  settings: Partial<typeof SETTINGS> = {},
) => resolveAll([desired(wanted)], fresh(network(net)), { ...SETTINGS, ...settings });
const INTERNAL = { type: "application", scheme: "internal", targetType: "instance" } as const;
const NETWORK = { type: "network", scheme: "internet-facing", targetType: "instance" } as const;
const subnetsOf = ({ loadBalancers }: ReturnType<typeof resolved>) => loadBalancers[0]?.subnets.map(({ id }) => id);
const whyOf = ({ unresolved, problems }: ReturnType<typeof resolved>): string => {
  assert.equal(unresolved.size, 1);
  assert.match(problems[0]?.message ?? "", new RegExp(`^load balancer hf-test-1: `));
  assert.equal(problems[0]?.owner, "Ingress shop/web");
  return unresolved.get("hf-test-1") ?? "";
};

test("what faces the internet is in the public subnets of the cluster, one in each zone", () => {
  assert.deepEqual(subnetsOf(resolved()), ["subnet-a", "subnet-b", "subnet-c"]);
  const untagged = subnet("subnet-0", "a", { tags: new Map() });
  assert.deepEqual(subnetsOf(resolved({}, { subnets: [untagged, ...network().subnets] })), ["subnet-a", "subnet-b", "subnet-c"]);
});

test("what is internal is in private subnets, before public ones", () => {
  assert.deepEqual(subnetsOf(resolved({ kind: INTERNAL })), ["subnet-private-a", "subnet-private-b", "subnet-private-c"]);
});

test("without a subnet of the cluster all of the VPC count", () => {
  const subnets = network().subnets.map((one) => ({ ...one, tags: new Map<string, string>() }));
  assert.deepEqual(subnetsOf(resolved({}, { subnets })), ["subnet-a", "subnet-b", "subnet-c"]);
});

test("the tag of the scheme goes before, one with no addresses left behind, then the smaller id", () => {
  const clusterTag = ["kubernetes.io/cluster/test", "owned"] as const;
  const subnets = [
    subnet("subnet-1", "a"),
    subnet("subnet-2", "a", { tags: new Map([clusterTag, ["kubernetes.io/role/elb", "1"]]) }),
    subnet("subnet-3", "b", { freeAddresses: 7 }),
    subnet("subnet-4", "b", { freeAddresses: 8 }),
    subnet("subnet-6", "c"),
    subnet("subnet-5", "c"),
  ];
  assert.deepEqual(subnetsOf(resolved({}, { subnets })), ["subnet-2", "subnet-4", "subnet-5"]);
});

test("subnets are named by id or by their tag Name", () => {
  const subnets = [...network().subnets, subnet("subnet-9", "c", { tags: new Map([["Name", "edge-c"]]) })];
  assert.deepEqual(subnetsOf(resolved({ wishes: { subnets: ["edge-c", "subnet-a"] } }, { subnets })), ["subnet-9", "subnet-a"]);
});

test("subnets that cannot be are told with what to do about it, and nothing is resolved", () => {
  const named = (...subnets: string[]) => whyOf(resolved({ wishes: { subnets } }));
  assert.equal(
    named("nope", "subnet-a"),
    "there is no subnet nope in vpc-1: give ids (subnet-…) or values of the tag Name of subnets of that VPC",
  );
  assert.equal(
    named("subnet-a", "subnet-private-b"),
    "subnet subnet-private-b has no route to an internet gateway: name public ones, or ask for the scheme internal",
  );
  assert.equal(
    named("subnet-a"),
    "an application load balancer needs subnets in two zones, and there is only subnet-a in a: name one in another zone as well",
  );
  const two = [subnet("subnet-1", "a"), subnet("subnet-2", "a"), subnet("subnet-3", "b")];
  assert.equal(
    whyOf(resolved({ wishes: { subnets: ["subnet-1", "subnet-2"] } }, { subnets: two })),
    "subnets subnet-1 and subnet-2 are both in a: name one in each zone",
  );
  assert.equal(
    whyOf(resolved({}, { subnets: [] })),
    "vpc-1 has no subnet that a load balancer could be in: make subnets and tag them with kubernetes.io/cluster/test",
  );
  assert.equal(
    whyOf(resolved({}, { subnets: [subnet("subnet-1", "a", { isPublic: false })] })),
    "of the 1 subnets with the tag kubernetes.io/cluster/test none has a route to an internet gateway: tag public ones with kubernetes.io/cluster/test, or ask for the scheme internal",
  );
});

test("a network load balancer may be in one zone", () => {
  assert.deepEqual(subnetsOf(resolved({ kind: NETWORK }, { subnets: [subnet("subnet-1", "a")] })), ["subnet-1"]);
});

test("security groups: those of the object, its CIDR blocks, those of the controller, those with the tags", () => {
  const groupsOf = (...args: Parameters<typeof resolved>) => resolved(...args).loadBalancers[0]?.securityGroups;
  const both = { securityGroups: ["other-name", "lb"], inboundCidrs: ["10.0.0.0/8"] };
  assert.deepEqual(groupsOf({ wishes: both }), { by: "ids", ids: ["sg-1", "sg-2"] });
  assert.deepEqual(groupsOf({ wishes: { inboundCidrs: ["10.0.0.0/8"] } }, {}, { securityGroups: ["sg-2"] }), {
    by: "cidrs",
    cidrs: ["10.0.0.0/8"],
  });
  assert.deepEqual(groupsOf({}, {}, { securityGroups: ["sg-2"] }), { by: "ids", ids: ["sg-2"] });
  assert.deepEqual(groupsOf(), { by: "ids", ids: ["sg-1"] });
  assert.deepEqual(groupsOf({ kind: NETWORK }, { securityGroups: [] }), { by: "ids", ids: [] });
  assert.match(whyOf(resolved({}, { securityGroups: [] })), /^no security group in vpc-1 has the tags .*: tag the one/);
  assert.equal(
    whyOf(resolved({ wishes: { securityGroups: ["nope"] } })),
    "there is no security group nope in vpc-1: give ids (sg-…), or names of groups of that VPC",
  );
});

test("one that cannot be resolved stops no other, and what cannot be read resolves nothing", () => {
  const both = [desired(), desired({ name: "hf-test-2", wishes: { subnets: ["nope"] } })];
  const { loadBalancers, unresolved } = resolveAll(both, fresh(network()), SETTINGS);
  assert.deepEqual([loadBalancers.map(({ name }) => name), [...unresolved.keys()]], [["hf-test-1"], ["hf-test-2"]]);
  const blind = resolveAll(both, { state: "unknown", why: "AWS_DENIED" }, SETTINGS);
  assert.deepEqual([blind.loadBalancers, [...blind.unresolved.keys()], blind.problems], [[], ["hf-test-1", "hf-test-2"], []]);
});

test("HTTP leads to HTTPS where there is a port for it", () => {
  const [balancer] = resolved({ certificates: ["cert-2", "cert-1"] }).loadBalancers;
  assert.deepEqual(balancer?.listeners, [
    { port: 80, protocol: "HTTP", sslPolicy: undefined, certificates: [], action: { type: "redirect", toPort: 443, status: "HTTP_301" } },
    {
      port: 443,
      protocol: "HTTPS",
      sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
      certificates: ["cert-1", "cert-2"],
      action: { type: "forward" },
    },
  ]);
  const { loadBalancers, problems } = resolved({ wishes: { listenPorts: [{ protocol: "HTTP", port: 80 }], redirectToPort: 443 } });
  assert.deepEqual(loadBalancers[0]?.listeners[0]?.action, { type: "forward" });
  assert.equal(
    problems[0]?.message,
    'requests cannot be redirected to port 443, which is no HTTPS port of listen-ports: add {"HTTPS":443}',
  );
});

test("a network load balancer listens with TCP and TLS, and its targets are reached by TCP", () => {
  const [balancer] = resolved({ kind: NETWORK }).loadBalancers;
  assert.deepEqual(
    balancer?.listeners.map(({ port, protocol, action }) => [port, protocol, action.type]),
    [
      [80, "TCP", "forward"],
      [443, "TLS", "forward"],
    ],
  );
  assert.equal(balancer?.targetGroup.protocol, "TCP");
  const [closed] = resolved({ kind: NETWORK }, {}, { nlbHttp: false }).loadBalancers;
  assert.deepEqual(
    closed?.listeners.map(({ port }) => port),
    [443],
  );
  const [named] = resolved(
    { kind: NETWORK, wishes: { listenPorts: [{ protocol: "TCP", port: 80 }] } },
    {},
    { nlbHttp: false },
  ).loadBalancers;
  assert.deepEqual(
    named?.listeners.map(({ port }) => port),
    [80],
    "what an object names itself",
  );
  assert.deepEqual([...(balancer?.attributes.keys() ?? [])], ["dns_record.client_routing_policy"]);
});

test("attributes of the other type and tags that say whose it is are told and left out; without IPv6 there is IPv4", () => {
  const { loadBalancers, problems } = resolved(
    {
      wishes: {
        ipAddressType: "dualstack",
        attributes: new Map([["dns_record.client_routing_policy", "x"]]),
        tags: new Map([["holdfast.dev/cluster", "mine"]]),
      },
    },
    { subnets: network().subnets.map((one) => ({ ...one, hasIpv6: false })) },
  );
  assert.deepEqual(problems.map(({ reason }) => reason).toSorted(), ["AttributeNotHeeded", "SubnetWithoutIpv6", "TagReserved"]);
  assert.equal(loadBalancers[0]?.ipAddressType, "ipv4");
  assert.deepEqual([...(loadBalancers[0]?.attributes ?? [])], [["idle_timeout.timeout_seconds", "60"]]);
  assert.deepEqual([...(loadBalancers[0]?.tags ?? [])], [["team", "platform"]]);
});
