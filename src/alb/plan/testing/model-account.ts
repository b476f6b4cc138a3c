import { assertNever } from "../../../kernel/index.ts";
import type { Evidence } from "../../evidence.ts";
import { valueOf } from "../../evidence.ts";
import type {
  Observed,
  ObservedAutoScalingGroup,
  ObservedListener,
  ObservedLoadBalancer,
  ObservedRule,
  ObservedSecurityGroup,
  ObservedStack,
  ObservedTargetGroup,
} from "../observed.ts";
import type { WantedListener } from "../resolved.ts";
import type { IngressRule, Step } from "../step.ts";

interface Stack {
  loadBalancer: ObservedLoadBalancer | undefined;
  targetGroup: ObservedTargetGroup | undefined;
  securityGroup: ObservedSecurityGroup | undefined;
}

/**
 * What steps of a plan do to an account in which nothing goes wrong, as far as the plan can see it. It throws where AWS would refuse: a listener whose
 * target group is not there, a certificate too many, a default certificate that is removed.
 */
export class ModelAccount {
  readonly #stacks = new Map<string, Stack>();
  readonly #groups = new Map<string, ObservedAutoScalingGroup>();
  readonly #zones: ReadonlyMap<string, string>;

  constructor(zones: ReadonlyMap<string, string>, groups: readonly string[]) {
    this.#zones = zones;
    for (const name of groups)
      this.#groups.set(name, { name, healthCheckType: "EC2", instances: [], listed: [], targetGroups: new Map(), missingTargetGroups: [] });
  }

  observed(): Observed {
    const stacks = [...this.#stacks].map(([name, { loadBalancer, targetGroup, securityGroup }]): [string, ObservedStack] => [
      name,
      { name, loadBalancer: fresh(loadBalancer), targetGroup: fresh(targetGroup), securityGroup: fresh(securityGroup) },
    ]);
    return { stacks: new Map(stacks), autoScalingGroups: fresh([...this.#groups.values()]) };
  }

  /** As `observed`, with a stack that has nothing for each of these names. */
  observedFor(names: Iterable<string>): Observed {
    const { stacks, autoScalingGroups } = this.observed();
    const nothing = (name: string): ObservedStack => ({
      name,
      loadBalancer: fresh(undefined),
      targetGroup: fresh(undefined),
      securityGroup: fresh(undefined),
    });
    return { stacks: new Map([...[...names].map((name) => [name, nothing(name)] as const), ...stacks]), autoScalingGroups };
  }

  apply(steps: readonly Step[]): void {
    for (const step of steps) {
      const stack = this.#stacks.get(step.name) ?? { loadBalancer: undefined, targetGroup: undefined, securityGroup: undefined };
      this.#stacks.set(step.name, stack);
      this.#applyOne(stack, step);
    }
    for (const stack of this.#stacks.values()) this.#connect(stack);
  }

  #applyOne(stack: Stack, step: Step): void {
    const { name } = step;
    switch (step.type) {
      case "create-security-group":
        stack.securityGroup = { id: `sg-own-${name}`, resource: name, tags: step.tags, ingress: [] };
        return;
      case "authorize-ingress":
        stack.securityGroup = { ...there(stack.securityGroup), ingress: [...there(stack.securityGroup).ingress, ...step.rules] };
        return;
      case "revoke-ingress":
        stack.securityGroup = without(there(stack.securityGroup), step.rules);
        return;
      case "delete-security-group":
        if (stack.loadBalancer?.securityGroups.includes(there(stack.securityGroup).id) === true) throw new Error("DependencyViolation");
        stack.securityGroup = undefined;
        return;
      case "create-target-group": {
        const { protocol, port, vpcId, healthCheck } = step.group;
        if (stack.targetGroup !== undefined) throw new Error("DuplicateTargetGroupName");
        stack.targetGroup = {
          arn: `tg/${name}`,
          name,
          protocol,
          protocolVersion: undefined,
          port,
          vpcId,
          targetType: step.kind.targetType,
          ipAddressType: "ipv4",
          healthCheck,
          loadBalancerArns: [],
          resource: name,
          tags: step.tags,
          attributes: new Map(),
          targets: [],
        };
        return;
      }
      case "modify-target-group":
        stack.targetGroup = { ...there(stack.targetGroup), healthCheck: step.healthCheck };
        return;
      case "set-target-group-attributes":
        stack.targetGroup = {
          ...there(stack.targetGroup),
          attributes: new Map([...there(stack.targetGroup).attributes, ...step.attributes]),
        };
        return;
      case "register-targets": {
        const known = there(stack.targetGroup);
        const added = step.targets.map((target) => ({ ...target, state: "healthy", reason: undefined, description: undefined }));
        stack.targetGroup = { ...known, targets: [...known.targets.filter(({ id }) => !added.some((one) => one.id === id)), ...added] };
        return;
      }
      case "deregister-targets": {
        const known = there(stack.targetGroup);
        const targets = known.targets.filter(({ id, port }) => !step.targets.some((one) => one.id === id && one.port === port));
        if (targets.length === 0) throw new Error("nobody is left");
        stack.targetGroup = { ...known, targets };
        return;
      }
      case "delete-target-group":
        if (stack.loadBalancer !== undefined) throw new Error("ResourceInUse");
        stack.targetGroup = undefined;
        return;
      case "attach-auto-scaling-group":
      case "detach-auto-scaling-group": {
        const group = there(this.#groups.get(step.group));
        const targetGroups = new Map(group.targetGroups);
        if (step.type === "attach-auto-scaling-group") targetGroups.set(there(stack.targetGroup).arn, "InService");
        else targetGroups.delete(there(stack.targetGroup).arn);
        this.#groups.set(group.name, { ...group, listed: [...targetGroups.keys()], targetGroups });
        return;
      }
      case "detach-gone-target-group": {
        const group = there(this.#groups.get(step.group));
        this.#groups.set(group.name, { ...group, listed: group.listed.filter((arn) => arn !== step.arn) });
        return;
      }
      case "tag": {
        const [part, resource] = {
          "load-balancer": ["loadBalancer", stack.loadBalancer] as const,
          "target-group": ["targetGroup", stack.targetGroup] as const,
          "security-group": ["securityGroup", stack.securityGroup] as const,
        }[step.what];
        const known = there<{ readonly tags: ReadonlyMap<string, string> }>(resource);
        Object.assign(stack, { [part]: { ...known, tags: new Map([...known.tags, ...step.tags]) } });
        return;
      }
      case "create-load-balancer":
      case "delete-load-balancer":
      case "set-load-balancer-attributes":
      case "set-subnets":
      case "set-ip-address-type":
      case "set-security-groups":
      case "set-web-acl":
      case "create-listener":
      case "deny-hosts":
      case "modify-listener":
      case "delete-listener":
      case "add-certificates":
      case "remove-certificates":
      case "replace-default-certificate":
        this.#applyToBalancer(stack, step);
        return;
      default:
        assertNever(step);
    }
  }

  #applyToBalancer(stack: Stack, step: Step): void {
    if (step.type === "create-load-balancer") {
      if (stack.loadBalancer !== undefined) throw new Error("DuplicateLoadBalancerName");
      stack.loadBalancer = {
        arn: `lb/${step.name}`,
        name: step.name,
        dnsName: `${step.name}.elb`,
        createdAtMs: 0,
        type: step.kind.type,
        scheme: step.kind.scheme,
        vpcId: "vpc-1",
        ipAddressType: step.ipAddressType,
        state: "active",
        subnets: step.subnets.map((id) => ({ id, zone: this.#zones.get(id) ?? "" })),
        securityGroups: this.#securityGroups(stack, step.securityGroups),
        resource: step.name,
        tags: step.tags,
        attributes: new Map(),
        listeners: [],
        webAcl: fresh(undefined),
      };
      return;
    }
    if (step.type === "delete-load-balancer") {
      stack.loadBalancer = undefined;
      return;
    }
    const known = there(stack.loadBalancer);
    if (step.type === "set-load-balancer-attributes")
      stack.loadBalancer = { ...known, attributes: new Map([...known.attributes, ...step.attributes]) };
    else if (step.type === "set-subnets")
      stack.loadBalancer = { ...known, subnets: step.subnets.map((id) => ({ id, zone: this.#zones.get(id) ?? "" })) };
    else if (step.type === "set-ip-address-type") stack.loadBalancer = { ...known, ipAddressType: step.ipAddressType };
    else if (step.type === "set-security-groups")
      stack.loadBalancer = { ...known, securityGroups: this.#securityGroups(stack, step.securityGroups) };
    else if (step.type === "set-web-acl")
      stack.loadBalancer = { ...known, webAcl: fresh(step.webAcl === "none" ? undefined : step.webAcl) };
    else stack.loadBalancer = { ...known, listeners: this.#listeners(known, stack.targetGroup, step) };
  }

  #listeners(known: ObservedLoadBalancer, group: ObservedTargetGroup | undefined, step: Step): readonly ObservedListener[] {
    if (step.type === "create-listener") {
      if (known.listeners.some(({ port }) => port === step.listener.port)) throw new Error("DuplicateListener");
      return [...known.listeners, listenerOf(known.arn, step.listener, there(group).arn, step.tags)];
    }
    return known.listeners.flatMap((listener): readonly ObservedListener[] => {
      const [first, ...others] = listener.certificates;
      if (step.type === "modify-listener" && step.listener.port === listener.port) {
        const changed = listenerOf(known.arn, step.listener, there(group).arn, listener.tags);
        return [{ ...changed, rules: listener.rules, certificates: [...changed.certificates, ...others] }];
      }
      if (!("port" in step) || step.port !== listener.port) return [listener];
      switch (step.type) {
        case "add-certificates": {
          const certificates = [...new Set([...listener.certificates, ...step.arns])];
          if (certificates.length > 26) throw new Error("TooManyCertificates");
          return [{ ...listener, certificates }];
        }
        case "remove-certificates":
          if (first !== undefined && step.arns.includes(first)) throw new Error("the default certificate");
          return [{ ...listener, certificates: listener.certificates.filter((arn) => !step.arns.includes(arn)) }];
        case "replace-default-certificate":
          if (!others.includes(step.by)) throw new Error("what replaces it is not there");
          return [{ ...listener, certificates: [step.by, ...others.filter((arn) => arn !== step.by)] }];
        case "deny-hosts":
          return [{ ...listener, rules: fresh([ruleOf(step, listener)]) }];
        case "delete-listener":
          return [];
        default:
          return [listener];
      }
    });
  }

  #securityGroups(stack: Stack, groups: readonly string[] | "own"): readonly string[] {
    return groups === "own" ? [there(stack.securityGroup).id] : groups;
  }

  #connect(stack: Stack): void {
    if (stack.targetGroup !== undefined)
      stack.targetGroup = { ...stack.targetGroup, loadBalancerArns: stack.loadBalancer === undefined ? [] : [stack.loadBalancer.arn] };
  }
}

export function fresh<T>(value: T): Evidence<T> {
  return { state: "fresh", value, atMs: 0 };
}

/** The same account as it would be seen when it was read long ago. */
export function madeStale({ stacks, autoScalingGroups }: Observed): Observed {
  const stale = <T>(evidence: Evidence<T>): Evidence<T> => ({
    state: "stale",
    value: valueOf(evidence) as T,
    atMs: 0,
    why: "AWS_UNAVAILABLE",
  });
  return {
    stacks: new Map(
      [...stacks].map(([name, { loadBalancer, targetGroup, securityGroup }]) => [
        name,
        { name, loadBalancer: stale(loadBalancer), targetGroup: stale(targetGroup), securityGroup: stale(securityGroup) },
      ]),
    ),
    autoScalingGroups: stale(autoScalingGroups),
  };
}

function listenerOf(
  loadBalancerArn: string,
  { port, protocol, sslPolicy, certificates, action }: WantedListener,
  groupArn: string,
  tags: ReadonlyMap<string, string>,
): ObservedListener {
  return {
    arn: `${loadBalancerArn}/${port}`,
    loadBalancerArn,
    port,
    protocol,
    sslPolicy,
    defaultCertificate: certificates[0],
    certificates,
    tags,
    rules: fresh([]),
    defaultActions: [
      action.type === "forward"
        ? { type: "forward", groups: [{ arn: groupArn, weight: 1 }], redirect: undefined, fixedResponse: undefined }
        : {
            type: "redirect",
            groups: [],
            redirect: { Protocol: "HTTPS", Port: String(action.toPort), StatusCode: action.status },
            fixedResponse: undefined,
          },
    ],
  };
}

function ruleOf({ denial, tags }: Extract<Step, { readonly type: "deny-hosts" }>, { arn }: ObservedListener): ObservedRule {
  const { hosts, status, contentType, body } = denial;
  const fixedResponse = { StatusCode: status, ContentType: contentType, MessageBody: body };
  return {
    arn: `${arn}/1`,
    priority: 1,
    conditions: [{ field: "host-header", values: hosts }],
    actions: [{ type: "fixed-response", groups: [], redirect: undefined, fixedResponse }],
    tags,
  };
}

function without(group: ObservedSecurityGroup, rules: readonly IngressRule[]): ObservedSecurityGroup {
  const gone = new Set(rules.map(({ cidr, fromPort, toPort }) => `${cidr} ${fromPort}-${toPort}`));
  return { ...group, ingress: group.ingress.filter(({ cidr, fromPort, toPort }) => !gone.has(`${cidr} ${fromPort}-${toPort}`)) };
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("it is not there");
  return value;
}
