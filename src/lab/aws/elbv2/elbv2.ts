import { readServiceModel } from "../wire/service-model.ts";
import type { AwsService, Read, Step } from "../world/actions.ts";
import { addListenerCertificates, describeListenerCertificates, removeListenerCertificates } from "./listener-certificates.ts";
import { createListener, deleteListener, describeListeners, modifyListener } from "./listeners.ts";
import * as balancers from "./load-balancers.ts";
import { describeListenerAttributes, modifyListenerAttributes } from "./listener-attributes.ts";
import { describeAccountLimits } from "./account-limits.ts";
import { drainStep } from "./registrations.ts";
import { createRule, deleteRule, describeRules, modifyRule, setRulePriorities } from "./rules.ts";
import { sslPolicies } from "./ssl-policies.ts";
import { addTags, describeTags, removeTags } from "./tags.ts";
import * as groups from "./target-groups.ts";
import { type HealthSource, deregisterTargets, describeTargetHealth, registerTargets } from "./targets.ts";

export interface Elbv2Options extends balancers.LoadBalancerTiming {
  readonly healthOf: HealthSource;
  /** Beside targets that leave: what else becomes of load balancers by itself. */
  readonly step?: Step;
}

const describeSSLPolicies: Read = () => ({
  SslPolicies: sslPolicies.map(({ name, protocols, ciphers }) => ({
    Name: name,
    SslProtocols: protocols,
    Ciphers: ciphers.map((cipher, at) => ({ Name: cipher, Priority: at + 1 })),
    SupportedLoadBalancerTypes: ["application", "network"],
  })),
});

/** Elastic Load Balancing, version 2015-12-01, of which every action does what its page of the API reference says. */
export function elbv2({ healthOf, step, ...timing }: Elbv2Options): AwsService {
  return {
    model: readServiceModel("elbv2"),
    reads: {
      DescribeLoadBalancers: balancers.describeLoadBalancers,
      DescribeLoadBalancerAttributes: balancers.describeLoadBalancerAttributes,
      DescribeTargetGroups: groups.describeTargetGroups,
      DescribeTargetGroupAttributes: groups.describeTargetGroupAttributes,
      DescribeTargetHealth: describeTargetHealth(healthOf),
      DescribeListeners: describeListeners,
      DescribeListenerCertificates: describeListenerCertificates,
      DescribeRules: describeRules,
      DescribeTags: describeTags,
      DescribeSSLPolicies: describeSSLPolicies,
      DescribeAccountLimits: describeAccountLimits,
      DescribeListenerAttributes: describeListenerAttributes,
    },
    writes: {
      CreateLoadBalancer: balancers.createLoadBalancer(timing),
      DeleteLoadBalancer: balancers.deleteLoadBalancer,
      ModifyLoadBalancerAttributes: balancers.modifyLoadBalancerAttributes,
      SetSecurityGroups: balancers.setSecurityGroups,
      SetSubnets: balancers.setSubnets,
      SetIpAddressType: balancers.setIpAddressType,
      CreateTargetGroup: groups.createTargetGroup,
      ModifyTargetGroup: groups.modifyTargetGroup,
      DeleteTargetGroup: groups.deleteTargetGroup,
      ModifyTargetGroupAttributes: groups.modifyTargetGroupAttributes,
      RegisterTargets: registerTargets,
      DeregisterTargets: deregisterTargets,
      CreateListener: createListener,
      ModifyListener: modifyListener,
      DeleteListener: deleteListener,
      ModifyListenerAttributes: modifyListenerAttributes,
      AddListenerCertificates: addListenerCertificates,
      RemoveListenerCertificates: removeListenerCertificates,
      CreateRule: createRule,
      ModifyRule: modifyRule,
      DeleteRule: deleteRule,
      SetRulePriorities: setRulePriorities,
      AddTags: addTags,
      RemoveTags: removeTags,
    },
    step: (world, nowMs) => {
      const drained = drainStep(world, nowMs);
      return step?.(drained, nowMs) ?? drained;
    },
  };
}
