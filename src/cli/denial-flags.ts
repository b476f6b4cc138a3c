import type { AlbSettings } from "../alb/index.ts";
import { badUsage } from "./flag-values.ts";

/** `--deny-internal-domains` and what belongs to it. */
export interface DenialFlags {
  readonly internalDomains: readonly string[];
  readonly denyInternalDomainsResponse: string;
  readonly denyInternalDomainsResponseContentType: string;
  readonly denyInternalDomainsResponseStatusCode: string;
}

/** Quotas of Elastic Load Balancing for one rule. */
const MOST_HOSTS = 5;
const MOST_WILDCARDS = 6;
const CONTENT_TYPES = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];

/** Throws AppError `CLI_USAGE`. */
export function readDenial(flags: DenialFlags): NonNullable<AlbSettings["denial"]> {
  const hosts = flags.internalDomains.length === 0 ? ["*.cluster.local"] : flags.internalDomains.map((host) => host.toLowerCase());
  for (const host of hosts)
    // What has no name at its end would deny everything.
    if (!/^[a-z0-9.*?-]{0,100}\.[a-z0-9-]+$/.test(host))
      throw badUsage(`--internal-domains ${JSON.stringify(host)}: write a domain as in *.cluster.local, the last part without * and ?`);
  const wildcards = hosts.join("").match(/[*?]/g)?.length ?? 0;
  if (hosts.length > MOST_HOSTS || wildcards > MOST_WILDCARDS)
    throw badUsage(
      `--internal-domains: a rule of a load balancer has at most ${MOST_HOSTS} domains, with at most ${MOST_WILDCARDS} * and ? in all`,
    );
  const { denyInternalDomainsResponse: body, denyInternalDomainsResponseContentType: contentType } = flags;
  const status = flags.denyInternalDomainsResponseStatusCode;
  if (!/^[245]\d\d$/.test(status))
    throw badUsage(`--deny-internal-domains-response-status-code ${JSON.stringify(status)}: write a status from 200 to 299 or 400 to 599`);
  if (!CONTENT_TYPES.includes(contentType))
    throw badUsage(
      `--deny-internal-domains-response-content-type ${JSON.stringify(contentType)}: write one of ${CONTENT_TYPES.join(", ")}`,
    );
  if (body.length > 1024) throw badUsage("--deny-internal-domains-response: write at most 1024 characters");
  return { hosts, status, contentType, body };
}
