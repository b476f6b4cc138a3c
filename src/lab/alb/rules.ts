import { BlockList } from "node:net";
import { type Random, assertNever } from "../../kernel/index.ts";
import type { Action, Condition, ListenerConfig } from "./config.ts";

/** What rules look at. Header names are lower case. */
export interface RuleRequest {
  readonly method: string;
  /** As in the Host header, port and all. */
  readonly host: string;
  /** Path and query as received. */
  readonly target: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Of the TCP peer, never from X-Forwarded-For. */
  readonly sourceAddress: string;
}

/** The action of the matching rule with the lowest priority, else the listener's default. */
export function actionFor(listener: ListenerConfig, request: RuleRequest): Action {
  const matching = listener.rules.filter((rule) => rule.conditions.every((condition) => holds(condition, request)));
  const first = matching.sort((a, b) => a.priority - b.priority)[0];
  return first?.action ?? listener.defaultAction;
}

function holds(condition: Condition, request: RuleRequest): boolean {
  switch (condition.field) {
    case "host-header": {
      const host = withoutPort(request.host).toLowerCase();
      return condition.values.some((pattern) => matchesPattern(pattern.toLowerCase(), host));
    }
    case "path-pattern":
      return condition.values.some((pattern) => matchesPattern(pattern, splitTarget(request.target).path));
    case "http-request-method":
      return condition.values.includes(request.method);
    case "source-ip":
      return condition.values.some((cidr) => isInCidr(request.sourceAddress, cidr));
    case "http-header": {
      const present = request.headers.get(condition.httpHeaderName.toLowerCase()) ?? [];
      return condition.values.some((pattern) => present.some((value) => matchesPattern(pattern.toLowerCase(), value.toLowerCase())));
    }
    case "query-string": {
      const pairs = [...new URLSearchParams(splitTarget(request.target).query)];
      return condition.values.some(({ key, value }) =>
        pairs.some(
          ([name, text]) =>
            (key === undefined || matchesPattern(key.toLowerCase(), name.toLowerCase())) &&
            matchesPattern(value.toLowerCase(), text.toLowerCase()),
        ),
      );
    }
    default:
      return assertNever(condition);
  }
}

/**
 * Whether `text` is matched in whole by `pattern`, where `*` is any run of characters and `?` is one. Linear in the text
 * for each `*`: the pattern may come from anybody, so it never becomes a regular expression.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let inPattern = 0;
  let inText = 0;
  let afterStar = -1;
  let starText = 0;
  while (inText < text.length) {
    const want = pattern[inPattern];
    if (want === "*") {
      inPattern += 1;
      afterStar = inPattern;
      starText = inText;
    } else if (want === "?" || (want !== undefined && want === text[inText])) {
      inPattern += 1;
      inText += 1;
    } else if (afterStar >= 0) {
      starText += 1;
      inText = starText;
      inPattern = afterStar;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === "*") inPattern += 1;
  return inPattern === pattern.length;
}

/** The target group of a forward action, drawn by weight; undefined when all weights are 0. */
export function drawTargetGroup(action: Extract<Action, { type: "forward" }>, random: Random): string | undefined {
  const total = action.targetGroups.reduce((sum, group) => sum + group.weight, 0);
  let left = random.next() * total;
  for (const group of action.targetGroups) {
    left -= group.weight;
    if (left < 0) return group.name;
  }
  return undefined;
}

/** The Location of a redirect. The port is always written, as an ALB does (`https://example.org:443/`). */
export function redirectLocation(
  action: Extract<Action, { type: "redirect" }>,
  request: RuleRequest,
  listener: { readonly protocol: string; readonly port: number },
): string {
  const { path, query } = splitTarget(request.target);
  const values: Readonly<Record<string, string>> = {
    protocol: listener.protocol,
    host: withoutPort(request.host),
    port: String(listener.port),
    path: path.slice(1),
    query,
  };
  const expand = (template: string): string =>
    template.replaceAll(/#\{(protocol|host|port|path|query)\}/g, (_, name: string) => values[name] ?? "");
  const expandedQuery = expand(action.query);
  return `${expand(action.protocol).toLowerCase()}://${expand(action.host)}:${expand(action.port)}${expand(action.path)}${expandedQuery === "" ? "" : `?${expandedQuery}`}`;
}

/** The host of a Host header without its port; an IPv6 address keeps its brackets. */
export function withoutPort(host: string): string {
  return host.replace(/:\d*$/, "");
}

function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf("?");
  return mark < 0 ? { path: target, query: "" } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

function isInCidr(address: string, cidr: string): boolean {
  const [network = "", bits = "32"] = cidr.split("/");
  const list = new BlockList();
  list.addSubnet(network, Number(bits), "ipv4");
  return list.check(address.replace(/^::ffff:/, ""), "ipv4");
}
