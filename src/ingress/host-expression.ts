import type { Call } from "../route/index.ts";

/** What Skipper writes for the label that `*` stands for; the table knows it as "any one label". */
const ANY_LABEL = "[a-z0-9]+((-[a-z0-9]+)?)";

/** `Host` for these hosts, with or without a trailing dot and port; none for no hosts, as that means any. */
export function hostPredicates(hosts: readonly string[]): readonly Call[] {
  if (hosts.length === 0) return [];
  return [{ name: "Host", args: [`^(${hosts.map(hostExpression).join("|")})$`] }];
}

function hostExpression(host: string): string {
  const escaped = host.replaceAll(".", "[.]");
  return `${escaped.startsWith("*") ? ANY_LABEL + escaped.slice(1) : escaped}[.]?(:[0-9]+)?`;
}

/** Whether `host` is below one of the domains. */
export function isBelow(host: string, domains: readonly string[]): boolean {
  return domains.some((domain) => host.endsWith(`.${domain}`));
}
