import type * as sdk from "@aws-sdk/client-elastic-load-balancing-v2";
import type { AppError } from "../../kernel/index.ts";
import { type AnswerFields, incomplete } from "../answer-fields.ts";
import { type Paging, type Service, parts, tokenIn } from "../service.ts";
import { readListener, readLoadBalancer, readRule, readTargetGroup, readTargetHealth } from "./decode.ts";
import type { Listener, LoadBalancer, Rule, TargetGroup, TargetHealth } from "./records.ts";

const PAGE = 400;
/** So many ARNs one call takes (API reference of DescribeLoadBalancers, DescribeTags). */
const AT_ONCE = 20;

type Tags = ReadonlyMap<string, string>;

const loadBalancerPages: Paging<LoadBalancer> = {
  entries: "LoadBalancers",
  read: readLoadBalancer,
  keyOf: ({ arn }) => arn,
  next: tokenIn("NextMarker"),
};
const targetGroupPages: Paging<TargetGroup> = {
  entries: "TargetGroups",
  read: readTargetGroup,
  keyOf: ({ arn }) => arn,
  next: tokenIn("NextMarker"),
};

/** What Elastic Load Balancing says: lists are whole or fail, and what is not there is said by AWS, not by a list that lacks it. */
export class ElbReads {
  protected readonly service: Service<sdk.ElasticLoadBalancingV2>;

  constructor(service: Service<sdk.ElasticLoadBalancingV2>) {
    this.service = service;
  }

  loadBalancers(): Promise<readonly LoadBalancer[]> {
    return this.service.list("DescribeLoadBalancers", loadBalancerPages, (client, Marker, options) =>
      client.describeLoadBalancers({ Marker, PageSize: PAGE }, options),
    );
  }

  /** By its ARN, from AWS and not from a list. Rejects with `AWS_NOT_FOUND` when it is gone. */
  async loadBalancer(arn: string): Promise<LoadBalancer> {
    return one(await this.#loadBalancers([arn]), arn, "DescribeLoadBalancers");
  }

  /** By their ARNs; undefined is one that AWS says is not there. One that is gone costs the others nothing. */
  async loadBalancersByArn(arns: readonly string[]): Promise<ReadonlyMap<string, LoadBalancer | undefined>> {
    const found = new Map<string, LoadBalancer | undefined>();
    const read = async (asked: readonly string[]): Promise<void> => {
      let answered: readonly LoadBalancer[];
      try {
        answered = await this.#loadBalancers(asked);
      } catch (error) {
        if ((error as AppError).code !== "AWS_NOT_FOUND") throw error;
        if (asked.length === 1) found.set(asked.join(""), undefined);
        else for (const half of parts(asked, Math.ceil(asked.length / 2))) await read(half);
        return;
      }
      for (const arn of asked) found.set(arn, one(answered, arn, "DescribeLoadBalancers"));
    };
    for (const part of parts(arns, AT_ONCE)) await read(part);
    return found;
  }

  /** Names are unique in an account and region. Undefined when AWS says that there is none. */
  loadBalancerNamed(name: string): Promise<LoadBalancer | undefined> {
    return unlessMissing(async () => {
      const answer = await this.service.call("DescribeLoadBalancers", "read", (client, options) =>
        client.describeLoadBalancers({ Names: [name] }, options),
      );
      return named(answer.list("LoadBalancers", readLoadBalancer), name, "DescribeLoadBalancers");
    });
  }

  targetGroups(): Promise<readonly TargetGroup[]> {
    return this.service.list("DescribeTargetGroups", targetGroupPages, (client, Marker, options) =>
      client.describeTargetGroups({ Marker, PageSize: PAGE }, options),
    );
  }

  /** Rejects with `AWS_NOT_FOUND` when it is gone. */
  async targetGroup(arn: string): Promise<TargetGroup> {
    const answer = await this.service.call("DescribeTargetGroups", "read", (client, options) =>
      client.describeTargetGroups({ TargetGroupArns: [arn] }, options),
    );
    return one(answer.list("TargetGroups", readTargetGroup), arn, "DescribeTargetGroups");
  }

  /** Undefined when AWS says that there is none. */
  targetGroupNamed(name: string): Promise<TargetGroup | undefined> {
    return unlessMissing(async () => {
      const answer = await this.service.call("DescribeTargetGroups", "read", (client, options) =>
        client.describeTargetGroups({ Names: [name] }, options),
      );
      return named(answer.list("TargetGroups", readTargetGroup), name, "DescribeTargetGroups");
    });
  }

  listeners(loadBalancerArn: string): Promise<readonly Listener[]> {
    const pages = { entries: "Listeners", read: readListener, keyOf: ({ arn }: Listener) => arn, next: tokenIn("NextMarker") };
    return this.service.list("DescribeListeners", pages, (client, Marker, options) =>
      client.describeListeners({ LoadBalancerArn: loadBalancerArn, Marker, PageSize: PAGE }, options),
    );
  }

  /** Rejects with `AWS_NOT_FOUND` when it is gone. */
  async listener(arn: string): Promise<Listener> {
    const answer = await this.service.call("DescribeListeners", "read", (client, options) =>
      client.describeListeners({ ListenerArns: [arn] }, options),
    );
    return one(answer.list("Listeners", readListener), arn, "DescribeListeners");
  }

  /** Of a listener, the default one included. */
  rules(listenerArn: string): Promise<readonly Rule[]> {
    const pages = { entries: "Rules", read: readRule, keyOf: ({ arn }: Rule) => arn, next: tokenIn("NextMarker") };
    return this.service.list("DescribeRules", pages, (client, Marker, options) =>
      client.describeRules({ ListenerArn: listenerArn, Marker, PageSize: PAGE }, options),
    );
  }

  /** The ARNs of a listener's certificates, the default one first. */
  async certificates(listenerArn: string): Promise<readonly string[]> {
    type Shown = { readonly arn: string; readonly isDefault: boolean };
    const pages: Paging<Shown> = {
      entries: "Certificates",
      read: (fields) => ({ arn: fields.text("CertificateArn"), isDefault: fields.flag("IsDefault") }),
      keyOf: ({ arn }) => arn,
      next: tokenIn("NextMarker"),
    };
    const all = await this.service.list("DescribeListenerCertificates", pages, (client, Marker, options) =>
      client.describeListenerCertificates({ ListenerArn: listenerArn, Marker, PageSize: PAGE }, options),
    );
    return all.toSorted((first, other) => Number(other.isDefault) - Number(first.isDefault)).map(({ arn }) => arn);
  }

  /** The tags of each; rejects when one of them is not in the answer. */
  async tags(arns: readonly string[]): Promise<ReadonlyMap<string, Tags>> {
    const found = new Map<string, Tags>();
    for (const asked of parts(arns, AT_ONCE)) {
      const answer = await this.service.call("DescribeTags", "read", (client, options) =>
        client.describeTags({ ResourceArns: [...asked] }, options),
      );
      const described = answer.list("TagDescriptions", (fields) => ({
        arn: fields.text("ResourceArn"),
        tags: new Map(fields.list("Tags", (tag) => [tag.text("Key"), tag.textOrEmpty("Value")] as const)),
      }));
      for (const { arn, tags } of described) found.set(arn, tags);
      for (const arn of asked) if (!found.has(arn)) throw incomplete(`DescribeTags: the tags of ${arn}`, "are missing");
    }
    return found;
  }

  async targetHealth(targetGroupArn: string): Promise<readonly TargetHealth[]> {
    const answer = await this.service.call("DescribeTargetHealth", "read", (client, options) =>
      client.describeTargetHealth({ TargetGroupArn: targetGroupArn }, options),
    );
    return answer.list("TargetHealthDescriptions", readTargetHealth);
  }

  async loadBalancerAttributes(arn: string): Promise<Tags> {
    return attributesIn(
      await this.service.call("DescribeLoadBalancerAttributes", "read", (client, options) =>
        client.describeLoadBalancerAttributes({ LoadBalancerArn: arn }, options),
      ),
    );
  }

  async targetGroupAttributes(arn: string): Promise<Tags> {
    return attributesIn(
      await this.service.call("DescribeTargetGroupAttributes", "read", (client, options) =>
        client.describeTargetGroupAttributes({ TargetGroupArn: arn }, options),
      ),
    );
  }

  async listenerAttributes(arn: string): Promise<Tags> {
    return attributesIn(
      await this.service.call("DescribeListenerAttributes", "read", (client, options) =>
        client.describeListenerAttributes({ ListenerArn: arn }, options),
      ),
    );
  }

  /** What the account may have, by AWS's names: `application-load-balancers`, `certificates-per-application-load-balancer`. */
  async accountLimits(): Promise<ReadonlyMap<string, number>> {
    const pages: Paging<readonly [string, number]> = {
      entries: "Limits",
      read: (fields) => [fields.text("Name"), Number(fields.text("Max"))],
      keyOf: ([name]) => name,
      next: tokenIn("NextMarker"),
    };
    const limits = await this.service.list("DescribeAccountLimits", pages, (client, Marker, options) =>
      client.describeAccountLimits({ Marker, PageSize: PAGE }, options),
    );
    return new Map(limits);
  }

  /** The names of the security policies that listeners of a type of load balancer can have. */
  async sslPolicies(type: "application" | "network"): Promise<readonly string[]> {
    const pages = { entries: "SslPolicies", read: nameOf, keyOf: (name: string) => name, next: tokenIn("NextMarker") };
    return this.service.list("DescribeSSLPolicies", pages, (client, Marker, options) =>
      client.describeSSLPolicies({ LoadBalancerType: type, Marker, PageSize: PAGE }, options),
    );
  }

  async #loadBalancers(arns: readonly string[]): Promise<readonly LoadBalancer[]> {
    const answer = await this.service.call("DescribeLoadBalancers", "read", (client, options) =>
      client.describeLoadBalancers({ LoadBalancerArns: [...arns] }, options),
    );
    return answer.list("LoadBalancers", readLoadBalancer);
  }
}

const nameOf = (fields: AnswerFields): string => fields.text("Name");

function attributesIn(answer: AnswerFields): Tags {
  return new Map(answer.list("Attributes", (fields) => [fields.text("Key"), fields.textOrEmpty("Value")] as const));
}

/** AWS answers what was asked for by its ARN or says that it is not there; an answer without it is none. */
function one<T extends { readonly arn: string }>(answered: readonly T[], arn: string, action: string): T {
  const found = answered.find((entry) => entry.arn === arn);
  if (found === undefined) throw incomplete(`${action}: ${arn}`, "was asked for and is missing");
  return found;
}

function named<T extends { readonly name: string }>(answered: readonly T[], name: string, action: string): T {
  const found = answered.find((entry) => entry.name === name);
  if (found === undefined) throw incomplete(`${action}: ${name}`, "was asked for and is missing");
  return found;
}

async function unlessMissing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if ((error as AppError).code === "AWS_NOT_FOUND") return undefined;
    throw error;
  }
}
