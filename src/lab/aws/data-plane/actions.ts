import type { Action, Condition, RuleConfig } from "../../alb/index.ts";
import type { ActionRecord, RuleRecord } from "../elbv2/records.ts";
import { integer, structures, text, texts } from "../wire/inputs.ts";
import type { Fields } from "../wire/query-input.ts";
import { hostedGroupName } from "./target-groups.ts";

/** What a listener or rule does in the end: the last of its actions. What comes before, authentication, the lab does not do. */
export function hostedAction(actions: readonly ActionRecord[]): Action {
  const last: Fields = actions.at(-1) ?? {};
  const config = (name: string): Fields => (last[name] as Fields | undefined) ?? {};
  switch (last["Type"]) {
    case "redirect": {
      const redirect = config("RedirectConfig");
      return {
        type: "redirect",
        statusCode: text(redirect, "StatusCode") === "HTTP_302" ? 302 : 301,
        protocol: text(redirect, "Protocol") ?? "#{protocol}",
        host: text(redirect, "Host") ?? "#{host}",
        port: text(redirect, "Port") ?? "#{port}",
        path: text(redirect, "Path") ?? "/#{path}",
        query: text(redirect, "Query") ?? "#{query}",
      };
    }
    case "fixed-response": {
      const fixed = config("FixedResponseConfig");
      return {
        type: "fixed-response",
        statusCode: Number(text(fixed, "StatusCode") ?? 503),
        contentType: text(fixed, "ContentType") ?? "text/plain",
        messageBody: text(fixed, "MessageBody") ?? "",
      };
    }
    default:
      return {
        type: "forward",
        targetGroups: (structures(config("ForwardConfig"), "TargetGroups") ?? []).map((group) => ({
          name: hostedGroupName(text(group, "TargetGroupArn") ?? ""),
          weight: integer(group, "Weight") ?? 1,
        })),
      };
  }
}

/** A rule as nodes have it; undefined for one that no client of this machine can ever meet: one for IPv6 clients alone. */
export function hostedRule({ priority, conditions, actions }: RuleRecord): RuleConfig | undefined {
  const hosted: Condition[] = [];
  for (const condition of conditions) {
    const one = hostedCondition(condition);
    if (one === undefined) return undefined;
    hosted.push(one);
  }
  return { priority, conditions: hosted, action: hostedAction(actions) };
}

function hostedCondition(condition: Fields): Condition | undefined {
  const field = text(condition, "Field") ?? "";
  const config = (name: string): Fields => (condition[name] as Fields | undefined) ?? {};
  switch (field) {
    case "host-header":
    case "path-pattern":
    case "http-request-method":
      return { field, values: texts(condition, "Values") ?? [] };
    case "source-ip": {
      const values = (texts(condition, "Values") ?? []).filter((cidr) => !cidr.includes(":"));
      return values.length === 0 ? undefined : { field, values };
    }
    case "http-header": {
      const header = config("HttpHeaderConfig");
      return { field, httpHeaderName: text(header, "HttpHeaderName") ?? "", values: texts(header, "Values") ?? [] };
    }
    case "query-string": {
      const pairs = structures(config("QueryStringConfig"), "Values") ?? [];
      return {
        field,
        values: pairs.map((pair) => {
          const key = text(pair, "Key");
          return { ...(key === undefined ? {} : { key }), value: text(pair, "Value") ?? "" };
        }),
      };
    }
    default:
      return undefined;
  }
}
