import type * as sdk from "@aws-sdk/client-wafv2";
import type { Service } from "../service.ts";

/** AWS WAF (v2): which web ACL a load balancer has. It takes one call a second, and one change in two. */
export class WafApi {
  readonly #service: Service<sdk.WAFV2>;

  constructor(service: Service<sdk.WAFV2>) {
    this.#service = service;
  }

  /**
   * The ARN of its web ACL; undefined when it has none. AWS says that by an answer without fields, which is the one answer here that cannot be
   * told from one that lost them: nothing is to be taken away because of it.
   */
  async webAcl(loadBalancerArn: string): Promise<string | undefined> {
    return this.#service.call(
      "GetWebACLForResource",
      "read",
      (client, options) => client.getWebACLForResource({ ResourceArn: loadBalancerArn }, options),
      (answer) => (answer.has("WebACL") ? answer.structure("WebACL").text("ARN") : undefined),
    );
  }

  /** In place of the one that it has. */
  async associate(loadBalancerArn: string, webAclArn: string): Promise<void> {
    await this.#service.call("AssociateWebACL", "change", (client, options) =>
      client.associateWebACL({ ResourceArn: loadBalancerArn, WebACLArn: webAclArn }, options),
    );
  }

  async disassociate(loadBalancerArn: string): Promise<void> {
    await this.#service.call("DisassociateWebACL", "remove", (client, options) =>
      client.disassociateWebACL({ ResourceArn: loadBalancerArn }, options),
    );
  }
}
