import type * as sdk from "@aws-sdk/client-elastic-load-balancing-v2";
import { type Paging, type Service, parts, tokenIn } from "../service.ts";
import { attributesIn, nameOf, named, one, tagsIn, unlessMissing } from "./answers.ts";
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

  /** Names are unique in an account and region. Undefined when AWS says that there is none. */
  loadBalancerNamed(name: string): Promise<LoadBalancer | undefined> {
    return unlessMissing(async () => {
      return this.service.call(
        "DescribeLoadBalancers",
        "read",
        (client, options) => client.describeLoadBalancers({ Names: [name] }, options),
        (answer) => named(answer.list("LoadBalancers", readLoadBalancer), name, "DescribeLoadBalancers"),
      );
    });
  }

  targetGroups(): Promise<readonly TargetGroup[]> {
    return this.service.list("DescribeTargetGroups", targetGroupPages, (client, Marker, options) =>
      client.describeTargetGroups({ Marker, PageSize: PAGE }, options),
    );
  }

  /** Rejects with `AWS_NOT_FOUND` when it is gone. */
  async targetGroup(arn: string): Promise<TargetGroup> {
    return this.service.call(
      "DescribeTargetGroups",
      "read",
      (client, options) => client.describeTargetGroups({ TargetGroupArns: [arn] }, options),
      (answer) => one(answer.list("TargetGroups", readTargetGroup), arn, "DescribeTargetGroups"),
    );
  }

  /** Undefined when AWS says that there is none. */
  targetGroupNamed(name: string): Promise<TargetGroup | undefined> {
    return unlessMissing(async () => {
      return this.service.call(
        "DescribeTargetGroups",
        "read",
        (client, options) => client.describeTargetGroups({ Names: [name] }, options),
        (answer) => named(answer.list("TargetGroups", readTargetGroup), name, "DescribeTargetGroups"),
      );
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
    return this.service.call(
      "DescribeListeners",
      "read",
      (client, options) => client.describeListeners({ ListenerArns: [arn] }, options),
      (answer) => one(answer.list("Listeners", readListener), arn, "DescribeListeners"),
    );
  }

  /** With the default one. */
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

  /** The tags of each. Rejects when one of them is not in the answer, and with `AWS_NOT_FOUND` when one is gone. */
  async tags(arns: readonly string[]): Promise<ReadonlyMap<string, Tags>> {
    const found = new Map<string, Tags>();
    for (const part of parts(arns, AT_ONCE)) for (const [arn, tags] of await this.#tags(part)) found.set(arn, tags);
    return found;
  }

  async targetHealth(targetGroupArn: string): Promise<readonly TargetHealth[]> {
    return this.service.call(
      "DescribeTargetHealth",
      "read",
      (client, options) => client.describeTargetHealth({ TargetGroupArn: targetGroupArn }, options),
      (answer) => answer.list("TargetHealthDescriptions", readTargetHealth),
    );
  }

  async loadBalancerAttributes(arn: string): Promise<Tags> {
    return this.service.call(
      "DescribeLoadBalancerAttributes",
      "read",
      (client, options) => client.describeLoadBalancerAttributes({ LoadBalancerArn: arn }, options),
      attributesIn,
    );
  }

  async targetGroupAttributes(arn: string): Promise<Tags> {
    return this.service.call(
      "DescribeTargetGroupAttributes",
      "read",
      (client, options) => client.describeTargetGroupAttributes({ TargetGroupArn: arn }, options),
      attributesIn,
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

  #tags(asked: readonly string[]): Promise<ReadonlyMap<string, Tags>> {
    return this.service.call(
      "DescribeTags",
      "read",
      (client, options) => client.describeTags({ ResourceArns: [...asked] }, options),
      (answer) => tagsIn(answer, asked),
    );
  }

  /** All of them, or AWS says that one is not there. */
  async #loadBalancers(arns: readonly string[]): Promise<readonly LoadBalancer[]> {
    return this.service.call(
      "DescribeLoadBalancers",
      "read",
      (client, options) => client.describeLoadBalancers({ LoadBalancerArns: [...arns] }, options),
      (answer) => {
        const answered = answer.list("LoadBalancers", readLoadBalancer);
        return arns.map((arn) => one(answered, arn, "DescribeLoadBalancers"));
      },
    );
  }
}
