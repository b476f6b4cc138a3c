import { type Clock, isRecord } from "../../kernel/index.ts";
import { isList } from "../document/json.ts";
import { formatAddress } from "../fault-proxy/address.ts";
import { readKubeRequest } from "../fault-proxy/http/kube-request.ts";
import { type Rule, matches } from "../fault-proxy/http/rule.ts";
import type { Sight, Witness } from "../fault/fault.ts";
import { type ProbeRequest, shownResult } from "./link-probe.ts";
import { type ProxyApi, callProxy } from "./proxy-api.ts";
import { type ThreeLooks, isOtherBody, lookThrice, seesNone } from "./toxic-sight.ts";

/** A request that may be made at any time, and the two ways that it can take. */
export interface RuleProbe {
  readonly through: Pick<ProbeRequest, "address" | "tls" | "from">;
  readonly around: Pick<ProbeRequest, "address" | "tls" | "from">;
  /** A path that the rules take if they take any GET. */
  readonly path: string;
  readonly authorization: string | undefined;
}

const PROBE_MS = 3_000;

/**
 * Sees what rules do: by a GET that goes through the proxy and one that goes around it, where a rule takes such a request; else by what the proxy counts:
 * requests of others that a rule took. A rule that counts requests is not looked for with requests of our own.
 */
export function ruleWitness(
  rules: readonly Rule[],
  asked: RuleProbe,
  proxy: () => ProxyApi & { readonly name: string },
  clock: Clock,
): Witness {
  const isProbed = rules.some((rule) => isTakenBy(rule, asked.path));
  const look = (path: string, signal: AbortSignal): Promise<ThreeLooks> => {
    const request = { path, hostHeader: undefined, authorization: asked.authorization, timeoutMs: PROBE_MS };
    return lookThrice({ ...request, ...asked.around }, { ...request, ...asked.through }, clock, signal);
  };
  return {
    label: isProbed
      ? `GET ${asked.path} at ${formatAddress(asked.through.address.host, asked.through.address.port)}`
      : "the requests that the proxy counts",
    async isInjected(signal) {
      if (!isProbed) return countedSight(await callProxy(proxy(), "GET", `/proxies/${proxy().name}/rules`));
      const looks = await look(asked.path, signal);
      const evidence = `through the fault ${shownResult(looks.through)}, around it ${shownResult(looks.around)}`;
      return { seen: differs(rules, looks), evidence };
    },
    isReverted: async (signal) => seesNone(await look(asked.path, signal)),
  };
}

function isTakenBy(rule: Rule, path: string): boolean {
  if (rule.skip > 0 || rule.count !== null || rule.fault.type === "watch" || rule.fault.type === "older_world") return false;
  const facts = { method: "GET", target: path, path, host: "", userAgent: "holdfast-witness", aws: undefined };
  return matches(rule.match, { ...facts, kube: readKubeRequest("GET", new URL(path, "http://witness")) });
}

function differs(rules: readonly Rule[], looks: ThreeLooks): boolean {
  const { around, through } = looks;
  if (through.status !== around.status || through.error !== around.error || isOtherBody(looks)) return true;
  return rules.some(({ fault }) => {
    if (fault.type === "delay") return through.ms - around.ms >= 0.8 * Math.max(1, fault.ms - fault.jitter_ms);
    return (
      fault.type === "slow" &&
      through.ms - around.ms >= 0.5 * (through.bytes / fault.bytes_per_second) * 1000 &&
      through.ms - around.ms > 20
    );
  });
}

function countedSight(rules: unknown): Sight {
  const counts = isList(rules as never) ? (rules as readonly unknown[]).filter(isRecord) : [];
  const [seen, taken] = ["seen", "taken"].map((name) => counts.reduce((sum, rule) => sum + Number(rule[name]), 0));
  return { seen: (taken ?? 0) > 0, evidence: `the proxy broke ${taken} of ${seen} requests that fit` };
}
