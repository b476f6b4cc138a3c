import { AwsError } from "../wire/aws-error.ts";
import { requiredText, text } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import { readServiceModel } from "../wire/service-model.ts";
import type { AwsService, Read, Step, Write } from "../world/actions.ts";
import { uuid } from "../world/ids.ts";
import { type AwsWorld, withRecord } from "../world/world.ts";
import type { WebAclRecord } from "./records.ts";

const getWebAcl: Read = (world, { input }) => {
  const arn = text(input, "ARN");
  const found =
    arn === undefined
      ? [...world.webAcls.values()].find(({ id, name }) => id === text(input, "Id") && name === text(input, "Name"))
      : world.webAcls.get(arn);
  if (found === undefined) throw nonexistent();
  return { WebACL: shown(found), LockToken: uuid("lock", found.arn) };
};

/** Without fields where it has none. */
const getWebAclForResource: Read = (world, { input, nowMs }) => {
  const { arn } = protectable(world, input, nowMs);
  const found = world.webAcls.get(world.webAclAssociations.get(arn) ?? "");
  return found === undefined ? {} : { WebACL: shown(found) };
};

/** In place of the one that it has. */
const associateWebAcl: Write = (world, { input, nowMs }) => {
  const { arn } = protectable(world, input, nowMs);
  const webAcl = requiredText(input, "WebACLArn");
  if (!webAcl.includes(":regional/webacl/"))
    throw new AwsError("WAFInvalidParameterException", `The ARN isn't valid. field: WEB_ACL_ARN, parameter: ${webAcl}`);
  if (!world.webAcls.has(webAcl)) throw nonexistent();
  return { world: withRecord(world, "webAclAssociations", arn, webAcl), output: {} };
};

const disassociateWebAcl: Write = (world, { input, nowMs }) => {
  const { arn } = protectable(world, input, nowMs);
  return { world: withRecord(world, "webAclAssociations", arn, undefined), output: {} };
};

/** With a load balancer its association goes. */
const forgetDeleted: Step = (world) => {
  const gone = [...world.webAclAssociations.keys()].filter((arn) => !world.loadBalancers.has(arn));
  return gone.reduce((next, arn) => withRecord(next, "webAclAssociations", arn, undefined), world);
};

/** AWS WAF, version 2019-07-29: the web ACLs that are there, and which load balancers have them. */
export function wafv2(): AwsService {
  return {
    model: readServiceModel("wafv2"),
    reads: { GetWebACL: getWebAcl, GetWebACLForResource: getWebAclForResource },
    writes: { AssociateWebACL: associateWebAcl, DisassociateWebACL: disassociateWebAcl },
    step: forgetDeleted,
  };
}

/** The load balancer that is asked about. A network load balancer can have no web ACL, one that is being made none yet. */
function protectable(world: AwsWorld, input: Fields, nowMs: number): { readonly arn: string } {
  const arn = requiredText(input, "ResourceArn");
  if (!arn.includes(":loadbalancer/app/"))
    throw new AwsError("WAFInvalidParameterException", `The ARN isn't valid. field: RESOURCE_ARN, parameter: ${arn}`);
  const balancer = world.loadBalancers.get(arn);
  if (balancer === undefined) throw nonexistent();
  if (balancer.activeAtMs > nowMs)
    throw new AwsError("WAFUnavailableEntityException", "AWS WAF couldn’t retrieve the resource that you requested. Retry your request.");
  return balancer;
}

function nonexistent(): AwsError {
  return new AwsError("WAFNonexistentItemException", "AWS WAF couldn’t perform the operation because your resource doesn’t exist.");
}

function shown({ arn, name, id }: WebAclRecord): Fields {
  return {
    Name: name,
    Id: id,
    ARN: arn,
    DefaultAction: { Allow: {} },
    Rules: [],
    VisibilityConfig: { SampledRequestsEnabled: false, CloudWatchMetricsEnabled: false, MetricName: name },
    Capacity: 0,
    ManagedByFirewallManager: false,
  };
}
