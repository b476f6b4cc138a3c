import type * as sdk from "@aws-sdk/client-ec2";
import type { AppError } from "../../kernel/index.ts";
import { type AnswerFields, incomplete } from "../answer-fields.ts";
import { whenGoneDone } from "../gone.ts";
import { type Paging, type Service, parts, tokenIn } from "../service.ts";
import { readInstance, readRouteTable, readSecurityGroup, readSubnet, readVpc } from "./decode.ts";
import type { Filters, Instance, NewSecurityGroup, RouteTable, SecurityGroup, Subnet, TcpIngress, Vpc } from "./records.ts";

const PAGE = 1_000;
/** So many values one filter takes (API reference of Filter). */
const FILTER_VALUES = 200;

/** EC2: the network that load balancers stand in, the nodes behind them, and the security groups in front. */
export class Ec2Api {
  readonly #service: Service<sdk.EC2>;

  constructor(service: Service<sdk.EC2>) {
    this.#service = service;
  }

  vpcs(filters: Filters): Promise<readonly Vpc[]> {
    return this.#service.list("DescribeVpcs", pagesOf("Vpcs", readVpc), (client, NextToken, options) =>
      client.describeVpcs({ Filters: filterList(filters), NextToken, MaxResults: PAGE }, options),
    );
  }

  subnets(filters: Filters): Promise<readonly Subnet[]> {
    return this.#service.list("DescribeSubnets", pagesOf("Subnets", readSubnet), (client, NextToken, options) =>
      client.describeSubnets({ Filters: filterList(filters), NextToken, MaxResults: PAGE }, options),
    );
  }

  routeTables(filters: Filters): Promise<readonly RouteTable[]> {
    return this.#service.list("DescribeRouteTables", pagesOf("RouteTables", readRouteTable), (client, NextToken, options) =>
      // One page of route tables has at most 100.
      client.describeRouteTables({ Filters: filterList(filters), NextToken, MaxResults: 100 }, options),
    );
  }

  /** Those that pass: one that is not in the list may be there all the same, {@link securityGroup} asks for it by its id. */
  securityGroups(filters: Filters): Promise<readonly SecurityGroup[]> {
    return this.#service.list("DescribeSecurityGroups", pagesOf("SecurityGroups", readSecurityGroup), (client, NextToken, options) =>
      client.describeSecurityGroups({ Filters: filterList(filters), NextToken, MaxResults: PAGE }, options),
    );
  }

  /** Rejects with `AWS_NOT_FOUND` when it is gone. */
  async securityGroup(id: string): Promise<SecurityGroup> {
    return this.#service.call(
      "DescribeSecurityGroups",
      "read",
      (client, options) => client.describeSecurityGroups({ GroupIds: [id] }, options),
      (answer) => {
        const found = answer.list("SecurityGroups", readSecurityGroup).find((group) => group.id === id);
        if (found === undefined) throw incomplete(`DescribeSecurityGroups: ${id}`, "was asked for and is missing");
        return found;
      },
    );
  }

  /** Terminated ones are among them for about an hour. */
  async instances(filters: Filters): Promise<readonly Instance[]> {
    const reservations: Paging<{ readonly id: string; readonly instances: readonly Instance[] }> = {
      entries: "Reservations",
      read: (fields) => ({ id: fields.text("ReservationId"), instances: fields.list("Instances", readInstance) }),
      keyOf: ({ id, instances }) => `${id} ${instances.map((instance) => instance.id).join(" ")}`,
      next: tokenIn("NextToken"),
    };
    const found = await this.#service.list("DescribeInstances", reservations, (client, NextToken, options) =>
      client.describeInstances({ Filters: filterList(filters), NextToken, MaxResults: PAGE }, options),
    );
    return found.flatMap(({ instances }) => instances);
  }

  /** By their ids; one that EC2 does not know any more is not in it. */
  async instancesById(ids: readonly string[]): Promise<ReadonlyMap<string, Instance>> {
    const found = new Map<string, Instance>();
    for (const asked of parts(ids, FILTER_VALUES))
      for (const instance of await this.instances(new Map([["instance-id", asked]]))) found.set(instance.id, instance);
    return found;
  }

  /**
   * Its id. One of the same name and VPC that has all these tags is taken for the one that an earlier call made and lost the answer of; one
   * without them is `AWS_EXISTS`.
   */
  async createSecurityGroup({ name, description, vpcId, tags }: NewSecurityGroup): Promise<string> {
    const input = {
      GroupName: name,
      Description: description,
      VpcId: vpcId,
      TagSpecifications: [{ ResourceType: "security-group" as const, Tags: tagList(tags) }],
    };
    try {
      return await this.#service.call(
        "CreateSecurityGroup",
        "add",
        (client, options) => client.createSecurityGroup(input, options),
        (answer) => answer.text("GroupId"),
      );
    } catch (error) {
      if ((error as AppError).code !== "AWS_EXISTS") throw error;
      const filters = new Map([
        ["group-name", [name]],
        ["vpc-id", [vpcId]],
      ]);
      const ours = (await this.securityGroups(filters)).find((group) => [...tags].every(([key, value]) => group.tags.get(key) === value));
      if (ours === undefined) throw error;
      return ours.id;
    }
  }

  /** Rules that are there already are as good as made. */
  async authorizeIngress(groupId: string, rules: readonly TcpIngress[]): Promise<void> {
    await this.#oneByOneUnless("AWS_EXISTS", rules, async (some) => {
      await this.#service.call("AuthorizeSecurityGroupIngress", "add", (client, options) =>
        client.authorizeSecurityGroupIngress({ GroupId: groupId, IpPermissions: permissionList(some) }, options),
      );
    });
  }

  /** Rules that are not there are as good as gone. */
  async revokeIngress(groupId: string, rules: readonly TcpIngress[]): Promise<void> {
    await this.#oneByOneUnless("AWS_NOT_FOUND", rules, async (some) => {
      await this.#service.call("RevokeSecurityGroupIngress", "remove", (client, options) =>
        client.revokeSecurityGroupIngress({ GroupId: groupId, IpPermissions: permissionList(some) }, options),
      );
    });
  }

  /** Rejects with `AWS_IN_USE` while something uses it, as a load balancer does for some minutes after it is deleted. */
  async deleteSecurityGroup(id: string): Promise<void> {
    await whenGoneDone(
      this.#service.call("DeleteSecurityGroup", "remove", (client, options) => client.deleteSecurityGroup({ GroupId: id }, options)),
    );
  }

  async createTags(ids: readonly string[], tags: ReadonlyMap<string, string>): Promise<void> {
    await this.#service.call("CreateTags", "change", (client, options) =>
      client.createTags({ Resources: [...ids], Tags: tagList(tags) }, options),
    );
  }

  /** Without a word where they are stopped already. Rejects with `AWS_REFUSED` for one that is terminated. */
  async stopInstances(ids: readonly string[], force: boolean): Promise<void> {
    await this.#service.call("StopInstances", "remove", (client, options) =>
      client.stopInstances({ InstanceIds: [...ids], Force: force }, options),
    );
  }

  /** Without a word where they run already. */
  async startInstances(ids: readonly string[]): Promise<void> {
    await this.#service.call("StartInstances", "add", (client, options) => client.startInstances({ InstanceIds: [...ids] }, options));
  }

  /** There is no way back. Without a word where they are terminated already. */
  async terminateInstances(ids: readonly string[]): Promise<void> {
    await this.#service.call("TerminateInstances", "remove", (client, options) =>
      client.terminateInstances({ InstanceIds: [...ids] }, options),
    );
  }

  /** A call for all fails for one that is as wanted already: then each for itself. */
  async #oneByOneUnless(
    asWanted: "AWS_EXISTS" | "AWS_NOT_FOUND",
    rules: readonly TcpIngress[],
    change: (some: readonly TcpIngress[]) => Promise<void>,
  ): Promise<void> {
    try {
      if (rules.length > 0) await change(rules);
    } catch (error) {
      if ((error as AppError).code !== asWanted) throw error;
      if (rules.length === 1) return;
      for (const rule of rules) await this.#oneByOneUnless(asWanted, [rule], change);
    }
  }
}

function pagesOf<T extends { readonly id: string }>(entries: string, read: (fields: AnswerFields) => T): Paging<T> {
  return { entries, read, keyOf: ({ id }) => id, next: tokenIn("NextToken") };
}

function filterList(filters: Filters): sdk.Filter[] {
  return [...filters].map(([Name, values]) => ({ Name, Values: [...values] }));
}

function tagList(tags: ReadonlyMap<string, string>): sdk.Tag[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

function permissionList(rules: readonly TcpIngress[]): sdk.IpPermission[] {
  return rules.map(({ cidr, fromPort, toPort }) => ({
    IpProtocol: "tcp",
    FromPort: fromPort,
    ToPort: toPort,
    ...(cidr.includes(":") ? { Ipv6Ranges: [{ CidrIpv6: cidr }] } : { IpRanges: [{ CidrIp: cidr }] }),
  }));
}
