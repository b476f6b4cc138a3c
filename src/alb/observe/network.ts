import type { Aws, RouteTable, SecurityGroup, Subnet } from "../../aws/index.ts";
import { AppError } from "../../kernel/index.ts";
import type { Evidence } from "../evidence.ts";
import type { Network } from "../plan/network.ts";
import type { ObservedSecurityGroup } from "../plan/observed.ts";
import { type Ownership, ownedAs } from "../plan/ownership.ts";
import { BelievedList } from "./believed-list.ts";
import { both, doubted, map } from "./evidence-of.ts";
import { type ObserveDeps, Reading } from "./reading.ts";

export interface NetworkOptions {
  /** Undefined: that of the subnets, or else of the instances, with the cluster's tag. */
  readonly vpcId: string | undefined;
  readonly ownership: Ownership;
  readonly everyMs: number;
}

/** The VPC with its subnets, route tables and security groups, those of ours among them. */
export class NetworkReadings {
  readonly #ec2: Aws["ec2"];
  readonly #ownership: Ownership;
  readonly #vpc: Reading<string>;
  readonly #subnets: BelievedList<Subnet>;
  readonly #tables: BelievedList<RouteTable>;
  readonly #groups: BelievedList<SecurityGroup>;

  constructor(ec2: Aws["ec2"], { vpcId, ownership, everyMs }: NetworkOptions, deps: ObserveDeps) {
    this.#ec2 = ec2;
    this.#ownership = ownership;
    // A cluster does not move: once it is known it stays, and what is in another VPC is not looked at.
    this.#vpc = new Reading(async (before) => before ?? vpcId ?? this.#findVpc(), Infinity, deps);
    const inVpc = () => new Map([["vpc-id", [this.#vpcId()]]]);
    const keyOf = ({ id }: { readonly id: string }): string => id;
    const named = (filter: string, id: string) => new Map([[filter, [id]]]);
    this.#subnets = new BelievedList(
      { keyOf, everyMs, read: () => ec2.subnets(inVpc()), byId: async (id) => (await ec2.subnets(named("subnet-id", id)))[0] },
      deps,
    );
    this.#tables = new BelievedList(
      {
        keyOf,
        everyMs,
        read: () => ec2.routeTables(inVpc()),
        byId: async (id) => (await ec2.routeTables(named("route-table-id", id)))[0],
      },
      deps,
    );
    this.#groups = new BelievedList({ keyOf, everyMs, read: () => ec2.securityGroups(inVpc()), byId: (id) => ec2.securityGroup(id) }, deps);
  }

  async refresh(): Promise<Evidence<Network>> {
    const vpc = await this.#vpc.refresh();
    if (vpc.state === "unknown") return vpc;
    const [subnets, tables, groups] = await Promise.all([this.#subnets.refresh(), this.#tables.refresh(), this.#groups.refresh()]);
    const network = both(both(subnets, tables, placesOf), groups, (places, { entries }) => ({
      vpcId: vpc.value,
      subnets: places,
      securityGroups: [...entries.values()].map(({ id, name, tags }) => ({ id, name, tags })),
    }));
    for (const list of [subnets, tables, groups])
      if (list.state !== "unknown") for (const [id, why] of list.value.doubts) return doubted(network, `${id}: ${why}`);
    return network;
  }

  /** Our security groups, by what they are to us, as they were last read. */
  ownGroup(name: string): Evidence<ObservedSecurityGroup | undefined> {
    const evidence = this.#groups.evidence();
    const own = map(evidence, ({ entries }) =>
      [...entries.values()].toSorted(byId).find((group) => ownedAs(group.tags, this.#ownership) === name),
    );
    const found = own.state === "unknown" ? undefined : own.value;
    const doubt = evidence.state === "unknown" || found === undefined ? undefined : evidence.value.doubts.get(found.id);
    const observed = map(own, (group) => (group === undefined ? undefined : observedGroup(group, name)));
    return doubt === undefined ? observed : doubted(observed, doubt);
  }

  /** What our security groups are to us. */
  ownNames(): readonly string[] {
    const evidence = this.#groups.evidence();
    if (evidence.state === "unknown") return [];
    return [...evidence.value.entries.values()].flatMap(({ tags }) => ownedAs(tags, this.#ownership) ?? []);
  }

  lookAgain(): void {
    this.#subnets.lookAgain();
    this.#tables.lookAgain();
    this.#groups.lookAgain();
  }

  /** Security groups alone are what the controller itself changes. */
  lookAgainAtGroups(): void {
    this.#groups.lookAgain();
  }

  #vpcId(): string {
    const vpc = this.#vpc.evidence();
    if (vpc.state === "unknown") throw new AppError("ALB_VPC_UNKNOWN", vpc.why);
    return vpc.value;
  }

  async #findVpc(): Promise<string> {
    const { clusterId } = this.#ownership;
    const filters = new Map([["tag-key", [`kubernetes.io/cluster/${clusterId}`]]]);
    const subnets = await this.#ec2.subnets(filters);
    const found = new Set(subnets.map(({ vpcId }) => vpcId));
    if (found.size === 0) for (const { vpcId } of await this.#ec2.instances(filters)) if (vpcId !== undefined) found.add(vpcId);
    const [vpc, ...others] = [...found].toSorted();
    if (vpc !== undefined && others.length === 0) return vpc;
    throw new AppError(
      "ALB_VPC_UNKNOWN",
      vpc === undefined
        ? `no subnet and no instance has the tag kubernetes.io/cluster/${clusterId}: tag the cluster's subnets, or give --vpc-id`
        : `subnets of ${vpc} and ${others.join(", ")} have the tag kubernetes.io/cluster/${clusterId}: give --vpc-id`,
    );
  }
}

function placesOf(
  { entries: subnets }: { readonly entries: ReadonlyMap<string, Subnet> },
  { entries: tables }: { readonly entries: ReadonlyMap<string, RouteTable> },
): Network["subnets"] {
  const leadsOut = ({ gateways }: RouteTable): boolean => gateways.some((gateway) => gateway.startsWith("igw-"));
  const own = new Map([...tables.values()].flatMap((table) => table.subnets.map((id) => [id, table] as const)));
  const main = [...tables.values()].find(({ isMain }) => isMain);
  return [...subnets.values()].map(({ id, zone, tags, ipv6Cidrs, freeAddresses }) => {
    const table = own.get(id) ?? main;
    return { id, zone, tags, freeAddresses, hasIpv6: ipv6Cidrs.length > 0, isPublic: table !== undefined && leadsOut(table) };
  });
}

/** Rules for other sources than CIDR blocks are not ours. */
function observedGroup({ id, tags, ingress }: SecurityGroup, resource: string): ObservedSecurityGroup {
  return {
    id,
    resource,
    tags,
    ingress: ingress.flatMap(({ protocol, fromPort, toPort, source }) =>
      protocol === "tcp" && fromPort !== undefined && toPort !== undefined && source.includes("/")
        ? [{ cidr: source, fromPort, toPort }]
        : [],
    ),
  };
}

function byId(one: { readonly id: string }, other: { readonly id: string }): number {
  return one.id < other.id ? -1 : 1;
}
