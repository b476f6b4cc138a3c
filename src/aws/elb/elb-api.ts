import type * as sdk from "@aws-sdk/client-elastic-load-balancing-v2";
import { AnswerFields } from "../answer-fields.ts";
import { whenGoneDone } from "../gone.ts";
import { readListener, readLoadBalancer, readNewTargetGroup, readTargetGroup } from "./decode.ts";
import { ElbReads } from "./elb-reads.ts";
import { certificateList, healthCheckInput, hostRuleInput, listenerInput, tagList, targetList } from "./inputs.ts";
import type {
  HealthCheck,
  HostRule,
  Listener,
  ListenerSettings,
  LoadBalancer,
  NewLoadBalancer,
  NewTargetGroup,
  Target,
  TargetGroup,
} from "./records.ts";

type Tags = ReadonlyMap<string, string>;

/**
 * Elastic Load Balancing without its traps: what is missing in an answer is an error, one call does one thing, and every action leads to the
 * same however often it is made (API reference of each), so all may be made again. Deleting what is gone is done.
 */
export class ElbApi extends ElbReads {
  /**
   * With a name that says what it is for, a second call finds the first one's: AWS answers the same settings with what is there. That need not be
   * ours: look at its tags.
   */
  async createLoadBalancer(wanted: NewLoadBalancer): Promise<LoadBalancer> {
    const input = {
      Name: wanted.name,
      Type: wanted.type,
      Scheme: wanted.scheme,
      IpAddressType: wanted.ipAddressType,
      Subnets: [...wanted.subnets],
      ...(wanted.securityGroups.length === 0 ? {} : { SecurityGroups: [...wanted.securityGroups] }),
      Tags: tagList(wanted.tags),
    };
    return this.service.call(
      "CreateLoadBalancer",
      "add",
      (client, options) => client.createLoadBalancer(input, options),
      (answer) => only(answer, "LoadBalancers", readLoadBalancer),
    );
  }

  async setSecurityGroups(loadBalancerArn: string, securityGroups: readonly string[]): Promise<void> {
    await this.service.call("SetSecurityGroups", "change", (client, options) =>
      client.setSecurityGroups({ LoadBalancerArn: loadBalancerArn, SecurityGroups: [...securityGroups] }, options),
    );
  }

  /** In place of those that it has. */
  async setSubnets(loadBalancerArn: string, subnets: readonly string[]): Promise<void> {
    await this.service.call("SetSubnets", "change", (client, options) =>
      client.setSubnets({ LoadBalancerArn: loadBalancerArn, Subnets: [...subnets] }, options),
    );
  }

  async setIpAddressType(loadBalancerArn: string, ipAddressType: "ipv4" | "dualstack"): Promise<void> {
    await this.service.call("SetIpAddressType", "change", (client, options) =>
      client.setIpAddressType({ LoadBalancerArn: loadBalancerArn, IpAddressType: ipAddressType }, options),
    );
  }

  async createTargetGroup({ name, protocol, port, vpcId, targetType, healthCheck, tags }: NewTargetGroup): Promise<TargetGroup> {
    const input = {
      Name: name,
      Protocol: protocol as sdk.ProtocolEnum,
      Port: port,
      VpcId: vpcId,
      TargetType: targetType,
      ...healthCheckInput(healthCheck),
      Tags: tagList(tags),
    };
    return this.service.call(
      "CreateTargetGroup",
      "add",
      (client, options) => client.createTargetGroup(input, options),
      (answer) => only(answer, "TargetGroups", readNewTargetGroup),
    );
  }

  async modifyTargetGroup(arn: string, healthCheck: HealthCheck): Promise<TargetGroup> {
    return this.service.call(
      "ModifyTargetGroup",
      "change",
      (client, options) => client.modifyTargetGroup({ TargetGroupArn: arn, ...healthCheckInput(healthCheck) }, options),
      (answer) => only(answer, "TargetGroups", readTargetGroup),
    );
  }

  async createListener(loadBalancerArn: string, settings: ListenerSettings, tags: Tags): Promise<Listener> {
    return this.service.call(
      "CreateListener",
      "add",
      (client, options) =>
        client.createListener({ LoadBalancerArn: loadBalancerArn, ...listenerInput(settings), Tags: tagList(tags) }, options),
      (answer) => only(answer, "Listeners", readListener),
    );
  }

  async modifyListener(arn: string, settings: ListenerSettings): Promise<Listener> {
    return this.service.call(
      "ModifyListener",
      "change",
      (client, options) => client.modifyListener({ ListenerArn: arn, ...listenerInput(settings) }, options),
      (answer) => only(answer, "Listeners", readListener),
    );
  }

  /** Requests that it is for do not come to what the listener does. Rejects with `AWS_REFUSED` while another rule has that priority. */
  async createRule(listenerArn: string, priority: number, rule: HostRule, tags: Tags): Promise<void> {
    await this.service.call("CreateRule", "change", (client, options) =>
      client.createRule({ ListenerArn: listenerArn, Priority: priority, ...hostRuleInput(rule), Tags: tagList(tags) }, options),
    );
  }

  async modifyRule(arn: string, rule: HostRule): Promise<void> {
    await this.service.call("ModifyRule", "change", (client, options) =>
      client.modifyRule({ RuleArn: arn, ...hostRuleInput(rule) }, options),
    );
  }

  async addCertificates(listenerArn: string, arns: readonly string[]): Promise<void> {
    await this.service.call("AddListenerCertificates", "add", (client, options) =>
      client.addListenerCertificates({ ListenerArn: listenerArn, Certificates: certificateList(arns) }, options),
    );
  }

  async removeCertificates(listenerArn: string, arns: readonly string[]): Promise<void> {
    await this.service.call("RemoveListenerCertificates", "remove", (client, options) =>
      client.removeListenerCertificates({ ListenerArn: listenerArn, Certificates: certificateList(arns) }, options),
    );
  }

  async register(targetGroupArn: string, targets: readonly Target[]): Promise<void> {
    await this.service.call("RegisterTargets", "add", (client, options) =>
      client.registerTargets({ TargetGroupArn: targetGroupArn, Targets: targetList(targets) }, options),
    );
  }

  /** With the port of each: without it a target on another port stays, and AWS says nothing. Read back what became of it. */
  async deregister(targetGroupArn: string, targets: readonly Target[]): Promise<void> {
    await this.service.call("DeregisterTargets", "remove", (client, options) =>
      client.deregisterTargets({ TargetGroupArn: targetGroupArn, Targets: targetList(targets) }, options),
    );
  }

  async modifyLoadBalancerAttributes(arn: string, attributes: Tags): Promise<void> {
    await this.service.call("ModifyLoadBalancerAttributes", "change", (client, options) =>
      client.modifyLoadBalancerAttributes({ LoadBalancerArn: arn, Attributes: tagList(attributes) }, options),
    );
  }

  async modifyTargetGroupAttributes(arn: string, attributes: Tags): Promise<void> {
    await this.service.call("ModifyTargetGroupAttributes", "change", (client, options) =>
      client.modifyTargetGroupAttributes({ TargetGroupArn: arn, Attributes: tagList(attributes) }, options),
    );
  }

  async addTags(arns: readonly string[], tags: Tags): Promise<void> {
    await this.service.call("AddTags", "change", (client, options) =>
      client.addTags({ ResourceArns: [...arns], Tags: tagList(tags) }, options),
    );
  }

  /** Tags that are not there are as good as gone. */
  async removeTags(arns: readonly string[], keys: readonly string[]): Promise<void> {
    await this.service.call("RemoveTags", "change", (client, options) =>
      client.removeTags({ ResourceArns: [...arns], TagKeys: [...keys] }, options),
    );
  }

  async deleteListener(arn: string): Promise<void> {
    await whenGoneDone(
      this.service.call("DeleteListener", "remove", (client, options) => client.deleteListener({ ListenerArn: arn }, options)),
    );
  }

  /** Rejects with `AWS_PROTECTED` while its deletion protection is on. */
  async deleteLoadBalancer(arn: string): Promise<void> {
    await whenGoneDone(
      this.service.call("DeleteLoadBalancer", "remove", (client, options) => client.deleteLoadBalancer({ LoadBalancerArn: arn }, options)),
    );
  }

  /** Rejects with `AWS_IN_USE` while a listener or a rule forwards to it. */
  async deleteTargetGroup(arn: string): Promise<void> {
    await whenGoneDone(
      this.service.call("DeleteTargetGroup", "remove", (client, options) => client.deleteTargetGroup({ TargetGroupArn: arn }, options)),
    );
  }
}

function only<T>(answer: AnswerFields, name: string, read: (entry: AnswerFields) => T): T {
  const [found] = answer.list(name, read);
  return found ?? read(new AnswerFields(undefined, `${name}[0]`));
}
