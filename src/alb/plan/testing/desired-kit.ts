import * as fc from "fast-check";
import type { DesiredLoadBalancer } from "../../model/desired.ts";
import type { AlbSettings } from "../../settings.ts";
import type { Network, NetworkSubnet } from "../network.ts";

export const SETTINGS: AlbSettings = {
  clusterId: "test",
  controllerId: "holdfast",
  vpcId: undefined,
  type: "application",
  scheme: "internet-facing",
  ipAddressType: "ipv4",
  sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
  webAcl: undefined,
  securityGroups: [],
  httpPort: 80,
  httpsPort: 443,
  nlbHttp: true,
  denial: undefined,
  redirectHttp: true,
  targetType: "instance",
  targetPort: 9999,
  targetProtocol: "HTTP",
  healthCheck: {
    protocol: "HTTP",
    port: "9998",
    path: "/healthz",
    intervalSeconds: 10,
    timeoutSeconds: 5,
    healthyThreshold: 5,
    unhealthyThreshold: 2,
    matcher: "200",
  },
  attributes: new Map([
    ["idle_timeout.timeout_seconds", "60"],
    ["dns_record.client_routing_policy", "any_availability_zone"],
  ]),
  targetGroupAttributes: new Map([["deregistration_delay.timeout_seconds", "300"]]),
  tags: new Map([["team", "platform"]]),
  mostCertificates: 24,
};

/** The VPC of a cluster: a public and a private subnet in each of three zones, and a security group for load balancers. */
export function network(change: Partial<Network> = {}): Network {
  return {
    vpcId: "vpc-1",
    subnets: ["a", "b", "c"].flatMap((zone) => [
      subnet(`subnet-${zone}`, zone),
      subnet(`subnet-private-${zone}`, zone, { isPublic: false }),
    ]),
    securityGroups: [
      {
        id: "sg-1",
        name: "lb",
        tags: new Map([
          ["kubernetes.io/cluster/test", "owned"],
          ["kubernetes:application", "holdfast"],
        ]),
      },
      { id: "sg-2", name: "other", tags: new Map([["Name", "other-name"]]) },
    ],
    ...change,
  };
}

export function subnet(id: string, zone: string, change: Partial<NetworkSubnet> = {}): NetworkSubnet {
  return {
    id,
    zone,
    tags: new Map([["kubernetes.io/cluster/test", "owned"]]),
    isPublic: true,
    hasIpv6: true,
    freeAddresses: 200,
    ...change,
  };
}

export const ZONES: ReadonlyMap<string, string> = new Map(network().subnets.map(({ id, zone }) => [id, zone]));

export function desired(change: Partial<DesiredLoadBalancer> = {}): DesiredLoadBalancer {
  return {
    name: "hf-test-1",
    kind: { type: "application", scheme: "internet-facing", targetType: "instance" },
    sharing: { by: "all" },
    wishes: {},
    certificates: ["cert-1"],
    owners: ["Ingress shop/web"],
    ...change,
  };
}

const flag = (): fc.Arbitrary<string> => fc.constantFrom("true", "false");

/** What may change of a load balancer that keeps its name. */
const anySettings = (): fc.Arbitrary<Pick<DesiredLoadBalancer, "wishes" | "certificates" | "owners">> =>
  fc.record({
    wishes: fc.record(
      {
        ipAddressType: fc.constantFrom("ipv4" as const, "dualstack" as const),
        securityGroups: fc.subarray(["sg-1", "other-name"], { minLength: 1 }),
        inboundCidrs: fc.subarray(["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32"], { minLength: 1 }),
        sslPolicy: fc.constantFrom("ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-2016-08"),
        webAcl: fc.constantFrom("none", "acl-1", "acl-2"),
        redirectToPort: fc.constantFrom(443, 8443),
        listenPorts: fc.uniqueArray(
          fc.record({ protocol: fc.constantFrom("HTTP" as const, "HTTPS" as const), port: fc.constantFrom(80, 443, 8080, 8443) }),
          { minLength: 1, selector: ({ port }) => port },
        ),
        attributes: fc.dictionary(fc.constantFrom("deletion_protection.enabled", "routing.http2.enabled"), flag()).map(asMap),
        targetGroupAttributes: fc.dictionary(fc.constantFrom("stickiness.enabled", "preserve_client_ip.enabled"), flag()).map(asMap),
        healthCheck: fc.record(
          { path: fc.constantFrom("/a", "/b"), intervalSeconds: fc.integer({ min: 5, max: 7 }) },
          { requiredKeys: [] },
        ),
        tags: fc.dictionary(fc.constantFrom("team", "cost", "holdfast.dev/cluster"), fc.constantFrom("x", "y")).map(asMap),
      },
      { requiredKeys: [] },
    ),
    certificates: fc.subarray(["cert-1", "cert-2", "cert-3", "cert-4"]),
    owners: fc.constant(["Ingress shop/web"]),
  });

const anyKind = (): fc.Arbitrary<DesiredLoadBalancer["kind"]> =>
  fc.record({
    type: fc.constantFrom("application" as const, "network" as const),
    scheme: fc.constantFrom("internet-facing" as const, "internal" as const),
    targetType: fc.constant("instance" as const),
  });

/** A few load balancers, and how they are desired at one time after the other; one that is missing at a time is not desired then. */
export const anyHistory = (): fc.Arbitrary<readonly (readonly DesiredLoadBalancer[])[]> =>
  fc.array(anyKind(), { minLength: 1, maxLength: 3 }).chain((kinds) =>
    fc
      .array(fc.tuple(...kinds.map(() => fc.option(anySettings(), { nil: undefined, freq: 5 }))), { minLength: 1, maxLength: 4 })
      .map((times) =>
        times.map((settings) =>
          settings.flatMap((one, at) => {
            const kind = kinds[at];
            return one === undefined || kind === undefined
              ? []
              : [{ name: `hf-test-${at}`, kind, sharing: { by: "group", group: "g" }, ...one } as const];
          }),
        ),
      ),
  );

function asMap(fields: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(fields));
}
