/** A web ACL of AWS WAF; what it lets through is not in the lab. */
export interface WebAclRecord {
  readonly arn: string;
  readonly name: string;
  readonly id: string;
}
