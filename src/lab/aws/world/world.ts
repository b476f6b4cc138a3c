import type { GroupRecord } from "../autoscaling/records.ts";
import type { CertificateRecord } from "../certificates/records.ts";
import type { InstanceRecord, SecurityGroupRecord, SubnetRecord, VpcRecord } from "../ec2/records.ts";
import type { ListenerRecord, LoadBalancerRecord, RuleRecord, TargetGroupRecord } from "../elbv2/records.ts";
import type { WebAclRecord } from "../wafv2/records.ts";
import type { AccessKey } from "../wire/signature.ts";

/** Tables of records by their ARN or id. */
interface Tables {
  readonly loadBalancers: ReadonlyMap<string, LoadBalancerRecord>;
  readonly targetGroups: ReadonlyMap<string, TargetGroupRecord>;
  readonly listeners: ReadonlyMap<string, ListenerRecord>;
  readonly rules: ReadonlyMap<string, RuleRecord>;
  readonly vpcs: ReadonlyMap<string, VpcRecord>;
  readonly subnets: ReadonlyMap<string, SubnetRecord>;
  readonly securityGroups: ReadonlyMap<string, SecurityGroupRecord>;
  readonly instances: ReadonlyMap<string, InstanceRecord>;
  /** By name. */
  readonly autoScalingGroups: ReadonlyMap<string, GroupRecord>;
  /** Those of ACM and of IAM. */
  readonly certificates: ReadonlyMap<string, CertificateRecord>;
  readonly webAcls: ReadonlyMap<string, WebAclRecord>;
  /** The ARN of the web ACL of a load balancer, by its ARN. */
  readonly webAclAssociations: ReadonlyMap<string, string>;
  /** Temporary keys that STS gave out. */
  readonly sessions: ReadonlyMap<string, AccessKey>;
  /** Of load balancers, by ARN and zone. */
  readonly nodeAddresses: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Zones that are lost, and since when in Unix milliseconds. */
  readonly lostZones: ReadonlyMap<string, number>;
  /** Of whatever has this ARN or id. */
  readonly tags: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/**
 * All that the account holds. A world is never changed, only followed by another: so an answer can be of an older world (eventual
 * consistency, stale reads), a write can be without effect, and what is on disk is always one of them.
 */
export interface AwsWorld extends Tables {
  /** Counts the writes. */
  readonly version: number;
}

export type Table = keyof Tables;
type RecordOf<T extends Table> = Tables[T] extends ReadonlyMap<string, infer R> ? R : never;

export const emptyWorld: AwsWorld = Object.freeze({
  version: 0,
  loadBalancers: new Map(),
  targetGroups: new Map(),
  listeners: new Map(),
  rules: new Map(),
  vpcs: new Map(),
  subnets: new Map(),
  securityGroups: new Map(),
  instances: new Map(),
  autoScalingGroups: new Map(),
  certificates: new Map(),
  webAcls: new Map(),
  webAclAssociations: new Map(),
  sessions: new Map(),
  nodeAddresses: new Map(),
  lostZones: new Map(),
  tags: new Map(),
});

/** The world with a record set, or taken away where it is undefined. */
export function withRecord<T extends Table>(world: AwsWorld, table: T, key: string, record: RecordOf<T> | undefined): AwsWorld {
  const records = new Map<string, unknown>(world[table]);
  if (record === undefined) records.delete(key);
  else records.set(key, record);
  return { ...world, [table]: records };
}

/** The world with tags of something set; none when there are none. */
export function withTags(world: AwsWorld, key: string, tags: ReadonlyMap<string, string> | undefined): AwsWorld {
  return withRecord(world, "tags", key, tags === undefined || tags.size === 0 ? undefined : tags);
}
