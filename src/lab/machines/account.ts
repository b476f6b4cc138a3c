import type { LabAwsConfig } from "../aws/index.ts";
import { resourceId } from "../aws/world/ids.ts";
import { ALB_CONTROL_PORT, AWS_CONTROL_PORT, AWS_PORT, REGION } from "../network.ts";
import { LAB_TIME } from "../options.ts";
import type { LabPlan } from "../part-configs.ts";

export const CLUSTER_ID = "lab";
const VPC = resourceId("vpc", "lab");
const NODE_GROUP = "nodes";

const NODES_SECURITY_GROUP = resourceId("sg", "nodes");
const ACCOUNT = "123456789012";
/** As a cluster of kubernetes-on-aws or of EKS marks what is its own. */
const OWNED = { [`kubernetes.io/cluster/${CLUSTER_ID}`]: "owned" };
const LONGEST_NODES = 30;
/** Port 80 is 8080: who runs a lab may bind no low ports. */
const LOW_PORT_OFFSET = 8_000;

/** The account of the lab: a VPC with a public and a private subnet in each zone, and one Auto Scaling group of nodes over all of them. */
export function awsConfig(plan: LabPlan): LabAwsConfig {
  const { network, credentials, folder, options, fleets } = plan;
  return {
    listen: { host: network.aws, port: AWS_PORT },
    control: { host: network.aws, port: AWS_CONTROL_PORT, token: credentials.control },
    stateFile: folder.accountFile,
    account: ACCOUNT,
    region: REGION,
    keys: [{ ...credentials.aws, user: "lab" }],
    network: {
      vpc: { id: VPC, cidr: network.vpcCidr, tags: { Name: "lab" } },
      subnets: network.zones.flatMap(({ name: zone, publicCidr, privateCidr }) => {
        const letter = zone.slice(-1);
        return [
          {
            id: publicSubnet(zone),
            zone,
            cidr: publicCidr,
            isPublic: true,
            tags: { ...OWNED, Name: `public-${letter}`, "kubernetes.io/role/elb": "1" },
          },
          {
            id: privateSubnet(zone),
            zone,
            cidr: privateCidr,
            isPublic: false,
            tags: { ...OWNED, Name: `private-${letter}`, "kubernetes.io/role/internal-elb": "1" },
          },
        ];
      }),
      securityGroups: [
        // As the controllers of load balancers know their own: by the cluster and by whose they are.
        ...fleets.map(({ policy }) => ({
          id: securityGroupOf(policy),
          name: `load-balancers-${policy}`,
          description: `of the load balancers of router-${policy}`,
          tags: { ...OWNED, "kubernetes:application": policy },
        })),
        { id: NODES_SECURITY_GROUP, name: "nodes", description: "of the cluster's nodes", tags: {} },
      ],
    },
    autoScalingGroups: [
      {
        name: NODE_GROUP,
        minSize: 0,
        maxSize: LONGEST_NODES,
        desiredCapacity: options.nodes,
        subnets: network.zones.map(({ name }) => privateSubnet(name)),
        healthCheckType: "EC2",
        healthCheckGraceSeconds: LAB_TIME.instanceHealthGraceSeconds,
        imageId: "ami-lab",
        instanceType: "m6i.large",
        securityGroups: [NODES_SECURITY_GROUP],
        tags: { ...OWNED, Name: "lab node" },
      },
    ],
    timing: {
      bootMs: LAB_TIME.instanceBootMs,
      stopMs: 1_000,
      terminateMs: 1_000,
      provisioningMs: LAB_TIME.provisioningMs,
      attachMs: 0,
      apiDelayMs: 0,
      advanceEveryMs: 200,
    },
    isThrottled: true,
    dataPlane: {
      host: { host: network.albHost, port: ALB_CONTROL_PORT, token: credentials.control },
      addressBlocks: [network.loadBalancerBlock],
      lowPortOffset: LOW_PORT_OFFSET,
      delayMs: 0,
      deregisterDelayMs: LAB_TIME.loadBalancer.deregisterDelayMs,
      healthCheckSecondMs: LAB_TIME.loadBalancer.healthCheckSecondMs,
      everyMs: 300,
      unheardAfterMs: 5_000,
    },
  };
}

/** How the SDK speaks to the lab's AWS. */
export function awsAccess({ network, credentials }: LabPlan): {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
} {
  return {
    endpoint: `http://${network.aws}:${AWS_PORT}`,
    region: REGION,
    credentials: { accessKeyId: credentials.aws.id, secretAccessKey: credentials.aws.secret },
  };
}

/** The variables by which the aws CLI and SDKs speak to the lab's AWS. */
export function awsVariables(plan: LabPlan): Readonly<Record<string, string>> {
  const { endpoint, region, credentials } = awsAccess(plan);
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}

/** The same for a shell. */
export function awsEnvironment(plan: LabPlan): string {
  return Object.entries(awsVariables(plan))
    .map(([name, value]) => `export ${name}=${value}\n`)
    .join("");
}

function publicSubnet(zone: string): string {
  return resourceId("subnet", "public", zone);
}

function securityGroupOf(policy: string): string {
  return resourceId("sg", "load-balancers", policy);
}

function privateSubnet(zone: string): string {
  return resourceId("subnet", "private", zone);
}
