import { ACM } from "@aws-sdk/client-acm";
import { AutoScaling } from "@aws-sdk/client-auto-scaling";
import { EC2 } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { TestContext } from "node:test";
import type { Mend } from "./counted-calls.ts";

/** Where an account is, and who asks. */
export interface Endpoint {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** AWS's own clients: what is seen through them is seen by everybody, whoever wrote the account. */
export interface Sdk {
  readonly ec2: EC2;
  readonly elb: ElasticLoadBalancingV2;
  readonly acm: ACM;
  readonly autoscaling: AutoScaling;
}

/**
 * An account with a cluster's network in three zones, six nodes in the Auto Scaling groups `nodes-a` and `nodes-b`, certificates of shop.example.org,
 * api.example.org and *.example.org, and load balancers of others.
 */
export interface Place extends Endpoint {
  readonly sdk: Sdk;
  /** What the controller is answered in place of what the account says. */
  readonly mend?: Mend;
  /** CloudWatch says of every minute that comes that nobody uses a load balancer. */
  nobodySends(loadBalancerArn: string): Promise<void>;
}

export function sdkOf(t: TestContext, { endpoint, region, credentials }: Endpoint): Sdk {
  const place = { endpoint, region, credentials };
  const sdk = {
    ec2: new EC2(place),
    elb: new ElasticLoadBalancingV2(place),
    acm: new ACM(place),
    autoscaling: new AutoScaling(place),
  };
  t.after(() => {
    for (const client of Object.values(sdk)) client.destroy();
  });
  return sdk;
}
