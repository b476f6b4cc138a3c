import * as elb from "@aws-sdk/client-elastic-load-balancing-v2";
import { AnswerFields, incomplete } from "./answer-fields.ts";
import type { AwsCalls } from "./calls.ts";
import { readListener, readLoadBalancer, readTargetGroup, readTargetHealth } from "./elb-decode.ts";
import type { HealthCheck, Listener, LoadBalancer, Target, TargetGroup, TargetHealth } from "./elb-records.ts";
import type { Effect } from "./governor.ts";
import { allPages } from "./pages.ts";

const SERVICE = "elasticloadbalancing";
const PAGE = 400;
/** So many ARNs one DescribeTags takes. */
const TAGGED_AT_ONCE = 20;

type Tags = ReadonlyMap<string, string>;
type SendOptions = { readonly abortSignal: AbortSignal };
type Send = (options: SendOptions) => Promise<object>;

/** What is created. */
export interface NewLoadBalancer {
  readonly name: string;
  readonly type: "application" | "network";
  readonly scheme: "internet-facing" | "internal";
  readonly ipAddressType: "ipv4" | "dualstack";
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  readonly tags: Tags;
}

export interface NewTargetGroup {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly vpcId: string;
  readonly targetType: "instance" | "ip";
  readonly healthCheck: HealthCheck;
  readonly tags: Tags;
}

/** A listener's settings, as it is made or changed to. */
export interface ListenerSettings {
  readonly port: number;
  readonly protocol: string;
  readonly sslPolicy: string | undefined;
  readonly certificate: string | undefined;
  readonly defaultActions: readonly elb.Action[];
}

/**
 * Elastic Load Balancing without its traps: what is missing in an answer is an error, lists are whole or fail, one call does one thing, calls
 * are made again only where that is safe. Every method rejects with AppError `AWS_…`.
 */
export class ElbApi {
  readonly #client: elb.ElasticLoadBalancingV2;
  readonly #calls: AwsCalls;

  constructor(client: elb.ElasticLoadBalancingV2, calls: AwsCalls) {
    this.#client = client;
    this.#calls = calls;
  }

  loadBalancers(): Promise<readonly LoadBalancer[]> {
    return allPages(
      "DescribeLoadBalancers",
      ({ arn }) => arn,
      async (Marker) => {
        const answer = await this.#send("DescribeLoadBalancers", "read", (options) =>
          this.#client.describeLoadBalancers({ Marker, PageSize: PAGE }, options),
        );
        return { entries: answer.list("LoadBalancers", readLoadBalancer), next: answer.optionalText("NextMarker") };
      },
    );
  }

  /** By its ARN, from AWS and not from a list: rejects with `AWS_NOT_FOUND` when it is gone. */
  async loadBalancer(arn: string): Promise<LoadBalancer | undefined> {
    const answer = await this.#send("DescribeLoadBalancers", "read", (options) =>
      this.#client.describeLoadBalancers({ LoadBalancerArns: [arn] }, options),
    );
    return answer.list("LoadBalancers", readLoadBalancer).find((one) => one.arn === arn);
  }

  targetGroups(): Promise<readonly TargetGroup[]> {
    return allPages(
      "DescribeTargetGroups",
      ({ arn }) => arn,
      async (Marker) => {
        const answer = await this.#send("DescribeTargetGroups", "read", (options) =>
          this.#client.describeTargetGroups({ Marker, PageSize: PAGE }, options),
        );
        return { entries: answer.list("TargetGroups", readTargetGroup), next: answer.optionalText("NextMarker") };
      },
    );
  }

  listeners(loadBalancerArn: string): Promise<readonly Listener[]> {
    return allPages(
      "DescribeListeners",
      ({ arn }) => arn,
      async (Marker) => {
        const command = (options: SendOptions) =>
          this.#client.describeListeners({ LoadBalancerArn: loadBalancerArn, Marker, PageSize: PAGE }, options);
        const answer = await this.#send("DescribeListeners", "read", command);
        return { entries: answer.list("Listeners", readListener), next: answer.optionalText("NextMarker") };
      },
    );
  }

  /** The ARNs of a listener's certificates, the default one first. */
  async certificates(listenerArn: string): Promise<readonly string[]> {
    type Shown = { readonly arn: string; readonly isDefault: boolean };
    const all = await allPages<Shown>(
      "DescribeListenerCertificates",
      ({ arn }) => arn,
      async (Marker) => {
        const command = (options: SendOptions) =>
          this.#client.describeListenerCertificates({ ListenerArn: listenerArn, Marker, PageSize: PAGE }, options);
        const answer = await this.#send("DescribeListenerCertificates", "read", command);
        const entries = answer.list("Certificates", (one) => ({ arn: one.text("CertificateArn"), isDefault: one.flag("IsDefault") }));
        return { entries, next: answer.optionalText("NextMarker") };
      },
    );
    return all.toSorted((one, other) => Number(other.isDefault) - Number(one.isDefault)).map(({ arn }) => arn);
  }

  /** The tags of each; rejects when one of them is not in the answer. */
  async tags(arns: readonly string[]): Promise<ReadonlyMap<string, Tags>> {
    const found = new Map<string, Tags>();
    for (let at = 0; at < arns.length; at += TAGGED_AT_ONCE) {
      const asked = arns.slice(at, at + TAGGED_AT_ONCE);
      const answer = await this.#send("DescribeTags", "read", (options) =>
        this.#client.describeTags({ ResourceArns: [...asked] }, options),
      );
      const described = answer.list("TagDescriptions", (one) => ({
        arn: one.text("ResourceArn"),
        tags: new Map(one.list("Tags", (tag) => [tag.text("Key"), tag.textOrEmpty("Value")] as const)),
      }));
      for (const { arn, tags } of described) found.set(arn, tags);
      for (const arn of asked) if (!found.has(arn)) throw incomplete(`DescribeTags: the tags of ${arn}`, "are missing");
    }
    return found;
  }

  async targetHealth(targetGroupArn: string): Promise<readonly TargetHealth[]> {
    const answer = await this.#send("DescribeTargetHealth", "read", (options) =>
      this.#client.describeTargetHealth({ TargetGroupArn: targetGroupArn }, options),
    );
    return answer.list("TargetHealthDescriptions", readTargetHealth);
  }

  async loadBalancerAttributes(arn: string): Promise<Tags> {
    const command = (options: SendOptions) => this.#client.describeLoadBalancerAttributes({ LoadBalancerArn: arn }, options);
    return attributesIn(await this.#send("DescribeLoadBalancerAttributes", "read", command));
  }

  async targetGroupAttributes(arn: string): Promise<Tags> {
    const command = (options: SendOptions) => this.#client.describeTargetGroupAttributes({ TargetGroupArn: arn }, options);
    return attributesIn(await this.#send("DescribeTargetGroupAttributes", "read", command));
  }

  /** With a name that says what it is for, a second call finds the first one's: AWS answers the same settings with what is there. */
  async createLoadBalancer(wanted: NewLoadBalancer): Promise<LoadBalancer> {
    const command = (options: SendOptions) =>
      this.#client.createLoadBalancer(
        {
          Name: wanted.name,
          Type: wanted.type,
          Scheme: wanted.scheme,
          IpAddressType: wanted.ipAddressType,
          Subnets: [...wanted.subnets],
          ...(wanted.securityGroups.length === 0 ? {} : { SecurityGroups: [...wanted.securityGroups] }),
          Tags: tagList(wanted.tags),
        },
        options,
      );
    return only(await this.#send("CreateLoadBalancer", "add", command), "LoadBalancers", readLoadBalancer);
  }

  async createTargetGroup({ name, protocol, port, vpcId, targetType, healthCheck, tags }: NewTargetGroup): Promise<TargetGroup> {
    const command = (options: SendOptions) =>
      this.#client.createTargetGroup(
        {
          Name: name,
          Protocol: protocol as elb.ProtocolEnum,
          Port: port,
          VpcId: vpcId,
          TargetType: targetType,
          ...healthCheckInput(healthCheck),
          Tags: tagList(tags),
        },
        options,
      );
    return only(await this.#send("CreateTargetGroup", "add", command), "TargetGroups", readTargetGroup);
  }

  async modifyTargetGroup(arn: string, healthCheck: HealthCheck): Promise<TargetGroup> {
    const command = (options: SendOptions) =>
      this.#client.modifyTargetGroup({ TargetGroupArn: arn, ...healthCheckInput(healthCheck) }, options);
    return only(await this.#send("ModifyTargetGroup", "change", command), "TargetGroups", readTargetGroup);
  }

  async createListener(loadBalancerArn: string, settings: ListenerSettings, tags: Tags): Promise<Listener> {
    const command = (options: SendOptions) =>
      this.#client.createListener({ LoadBalancerArn: loadBalancerArn, ...listenerInput(settings), Tags: tagList(tags) }, options);
    return only(await this.#send("CreateListener", "add", command), "Listeners", readListener);
  }

  async modifyListener(arn: string, settings: ListenerSettings): Promise<Listener> {
    const command = (options: SendOptions) => this.#client.modifyListener({ ListenerArn: arn, ...listenerInput(settings) }, options);
    return only(await this.#send("ModifyListener", "change", command), "Listeners", readListener);
  }

  async addCertificates(listenerArn: string, arns: readonly string[]): Promise<void> {
    await this.#send("AddListenerCertificates", "add", (options) =>
      this.#client.addListenerCertificates({ ListenerArn: listenerArn, Certificates: certificateList(arns) }, options),
    );
  }

  async removeCertificates(listenerArn: string, arns: readonly string[]): Promise<void> {
    await this.#send("RemoveListenerCertificates", "remove", (options) =>
      this.#client.removeListenerCertificates({ ListenerArn: listenerArn, Certificates: certificateList(arns) }, options),
    );
  }

  async register(targetGroupArn: string, targets: readonly Target[]): Promise<void> {
    await this.#send("RegisterTargets", "add", (options) =>
      this.#client.registerTargets({ TargetGroupArn: targetGroupArn, Targets: targetList(targets) }, options),
    );
  }

  /** With the port of each: without it a target on another port stays, and AWS says nothing. */
  async deregister(targetGroupArn: string, targets: readonly Target[]): Promise<void> {
    await this.#send("DeregisterTargets", "remove", (options) =>
      this.#client.deregisterTargets({ TargetGroupArn: targetGroupArn, Targets: targetList(targets) }, options),
    );
  }

  async modifyLoadBalancerAttributes(arn: string, attributes: Tags): Promise<void> {
    const command = (options: SendOptions) =>
      this.#client.modifyLoadBalancerAttributes({ LoadBalancerArn: arn, Attributes: tagList(attributes) }, options);
    await this.#send("ModifyLoadBalancerAttributes", "change", command);
  }

  async modifyTargetGroupAttributes(arn: string, attributes: Tags): Promise<void> {
    const command = (options: SendOptions) =>
      this.#client.modifyTargetGroupAttributes({ TargetGroupArn: arn, Attributes: tagList(attributes) }, options);
    await this.#send("ModifyTargetGroupAttributes", "change", command);
  }

  async addTags(arns: readonly string[], tags: Tags): Promise<void> {
    await this.#send("AddTags", "change", (options) => this.#client.addTags({ ResourceArns: [...arns], Tags: tagList(tags) }, options));
  }

  async deleteListener(arn: string): Promise<void> {
    await this.#send("DeleteListener", "remove", (options) => this.#client.deleteListener({ ListenerArn: arn }, options));
  }

  async deleteLoadBalancer(arn: string): Promise<void> {
    await this.#send("DeleteLoadBalancer", "remove", (options) => this.#client.deleteLoadBalancer({ LoadBalancerArn: arn }, options));
  }

  async deleteTargetGroup(arn: string): Promise<void> {
    await this.#send("DeleteTargetGroup", "remove", (options) => this.#client.deleteTargetGroup({ TargetGroupArn: arn }, options));
  }

  /** Every action of this API leads to the same however often it is made (API reference of each), so all may be made again. */
  async #send(action: string, effect: Effect, call: Send): Promise<AnswerFields> {
    return new AnswerFields(await this.#calls.make(SERVICE, action, effect, (abortSignal) => call({ abortSignal })), action);
  }
}

function only<T>(answer: AnswerFields, name: string, read: (entry: AnswerFields) => T): T {
  const [found] = answer.list(name, read);
  return found ?? read(new AnswerFields(undefined, `${name}[0]`));
}

function attributesIn(answer: AnswerFields): Tags {
  return new Map(answer.list("Attributes", (one) => [one.text("Key"), one.textOrEmpty("Value")] as const));
}

function tagList(tags: Tags): { Key: string; Value: string }[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

function certificateList(arns: readonly string[]): elb.Certificate[] {
  return arns.map((CertificateArn) => ({ CertificateArn }));
}

function targetList(targets: readonly Target[]): elb.TargetDescription[] {
  return targets.map(({ id, port, zone }) => ({ Id: id, Port: port, ...(zone === undefined ? {} : { AvailabilityZone: zone }) }));
}

function listenerInput({
  port,
  protocol,
  sslPolicy,
  certificate,
  defaultActions,
}: ListenerSettings): Pick<elb.CreateListenerInput, "Port" | "Protocol" | "SslPolicy" | "Certificates" | "DefaultActions"> {
  return {
    Port: port,
    Protocol: protocol as elb.ProtocolEnum,
    ...(sslPolicy === undefined ? {} : { SslPolicy: sslPolicy }),
    ...(certificate === undefined ? {} : { Certificates: certificateList([certificate]) }),
    DefaultActions: [...defaultActions],
  };
}

function healthCheckInput(check: HealthCheck): Partial<elb.CreateTargetGroupInput> {
  return {
    HealthCheckProtocol: check.protocol as elb.ProtocolEnum,
    HealthCheckPort: check.port,
    HealthCheckIntervalSeconds: check.intervalSeconds,
    HealthCheckTimeoutSeconds: check.timeoutSeconds,
    HealthyThresholdCount: check.healthyThreshold,
    UnhealthyThresholdCount: check.unhealthyThreshold,
    ...(check.path === undefined ? {} : { HealthCheckPath: check.path }),
    ...(check.matcher === undefined ? {} : { Matcher: { HttpCode: check.matcher } }),
  };
}
