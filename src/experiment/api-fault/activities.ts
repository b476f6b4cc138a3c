import { readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../kernel/index.ts";
import { loadKubeconfig } from "../../kube/index.ts";
import { type Json, type JsonObject, isList, isObject, textAt } from "../document/json.ts";
import { parseAddress } from "../fault-proxy/address.ts";
import { readRule } from "../fault-proxy/http/read-rule.ts";
import type { Rule } from "../fault-proxy/http/rule.ts";
import type { PreparedFault } from "../fault/fault.ts";
import type { ArgumentProblem } from "../native/argument-rules.ts";
import type { NativeActivity, NativeCall } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { apiCall, apiOf } from "../proxy/api-undo.ts";
import { PROXY_SOURCE, prepareInsertion } from "../proxy/insert.ts";
import { injectOptions } from "../proxy/link-witness.ts";
import { type ProxyApi, callProxy } from "../proxy/proxy-api.ts";
import { ruleWitness } from "../proxy/rule-witness.ts";
import { probePathFor } from "./probe-path.ts";

type Of = "kubernetes" | "aws";

/** What stands behind the proxy, in the lab. */
interface Behind {
  readonly address: { readonly host: string; readonly port: number };
  /** Of the proxy, beside its name. */
  readonly proxy: JsonObject;
  readonly authorization: string | undefined;
}

const apiFault: NativeActivity = {
  name: "api/fault",
  does: "action",
  summary:
    "breaks answers of the Kubernetes API server or of AWS: in the lab by a proxy in the way of all its clients, elsewhere in a fault proxy that they go through",
  arguments: {
    of: { type: "string", required: true, choices: ["kubernetes", "aws"], summary: "whose answers" },
    fault: { type: "object", summary: "what is done, as of a rule of the fault proxy: {type: kube_status, code: 429}" },
    match: { type: "object", summary: "to which requests, as of a rule: {verb: list, resource: ingresses}; all when left out" },
    share: { type: "number", least: 0, most: 1, summary: "the share of them" },
    skip: { type: "integer", least: 0, summary: "so many go through first" },
    count: { type: "integer", least: 1, summary: "so many are touched, then none" },
    rules: { type: "list", summary: "several rules in place of these five; the first that takes a request breaks it" },
    seconds: {
      type: "number",
      least: 0.1,
      most: 86_400,
      summary: "after how many seconds it is taken back; at the end of the run when left out",
    },
    path: { type: "string", summary: "what the witness asks for with GET; the list of match.resource when left out" },
    witness_seconds: {
      type: "number",
      least: 0.1,
      most: 600,
      default: 15,
      summary: "how long the witness looks for it, before the fault counts as not there",
    },
    control: {
      type: "string",
      summary: "ADDR:PORT of the fault proxy that clients go through (holdfast fault-proxy --kubeconfig); not in the lab",
    },
    token_file: { type: "string", summary: "the file of the token that it was started with" },
  },
  check: checkRules,
  async run(given, call) {
    const of = textAt(given, "of") as Of;
    const rules = rulesOf(given);
    const fault = given["control"] === undefined ? await inTheWay(of, rules, given, call) : await atProxy(of, rules, given, call);
    const slowedMs = Math.max(...rules.map((rule) => (rule.fault.type === "delay" ? rule.fault.ms : 0)));
    const { output } = await call.faults.inject(fault, injectOptions(given, slowedMs));
    return output;
  },
};

export const apiFaultActivities: readonly NativeActivity[] = [apiFault];

async function inTheWay(of: Of, rules: readonly Rule[], given: JsonObject, call: NativeCall): Promise<PreparedFault> {
  const { address, proxy, authorization } = of === "kubernetes" ? await labKubernetes(call) : labAws(call);
  let made: (ProxyApi & { readonly name: string }) | undefined;
  const witness = ruleWitness(
    rules,
    {
      through: { address, tls: false, from: undefined },
      around: { address, tls: false, from: PROXY_SOURCE },
      path: pathOf(of, rules, given),
      authorization,
    },
    () => {
      if (made === undefined) throw new ActivityFailed("the proxy does not stand yet");
      return made;
    },
    call.clock,
  );
  return prepareInsertion(
    {
      kind: "api/fault",
      label: labelOf(of, rules),
      address,
      proxy,
      async prepare(api, name) {
        made = { ...api, name };
        for (const rule of rules) await callProxy(api, "POST", `/proxies/${name}/rules`, rule.written as JsonObject);
      },
      witness,
    },
    call,
  );
}

/** Rules at a proxy that clients were pointed at before: of a real cluster. */
async function atProxy(of: Of, rules: readonly Rule[], given: JsonObject, call: NativeCall): Promise<PreparedFault> {
  const api = { ...apiOf(given), name: of };
  const shown = await callProxy(api, "GET", `/proxies/${of}`);
  const fields = isObject(shown) ? shown : {};
  const upstream = URL.parse(textAt(fields, "upstream") ?? "");
  if (upstream === null || rules.length !== 1 || rules[0] === undefined)
    throw new ActivityFailed(
      `fault proxy ${api.control}: ${upstream === null ? `its proxy ${of} does not understand HTTP` : "give one rule at a time"}`,
    );
  const [rule] = rules;
  const tls = upstream.protocol === "https:";
  const address = {
    host: upstream.hostname.replaceAll(/[[\]]/g, ""),
    port: Number(upstream.port === "" ? (tls ? 443 : 80) : upstream.port),
  };
  const path = `/proxies/${of}/rules/${encodeURIComponent(rule.name)}`;
  return {
    kind: "api/fault",
    label: labelOf(of, rules),
    victims: [upstream.origin],
    undo: apiCall(given, "DELETE", path),
    apply: () => callProxy(api, "POST", `/proxies/${of}/rules`, rule.written as JsonObject),
    witness: ruleWitness(
      rules,
      {
        through: { address: parseAddress(textAt(fields, "listen") ?? ""), tls, from: undefined },
        around: { address, tls, from: undefined },
        path: pathOf(of, rules, given),
        authorization: undefined,
      },
      () => api,
      call.clock,
    ),
  };
}

/** The lab's API server speaks HTTP and TLS at one port; who comes with TLS has to find its certificate. */
async function labKubernetes({ target }: NativeCall): Promise<Behind> {
  const lab = target.lab;
  if (lab === undefined) throw noLab();
  const { server, credentials } = await loadKubeconfig(lab.kubeconfig);
  const { host } = new URL(server);
  const read = (name: string): string => {
    try {
      return readFileSync(join(lab.folder, "api", name), "utf8");
    } catch (error) {
      throw new ActivityFailed(`the certificate of the lab's API server cannot be read: ${messageOf(error)}`);
    }
  };
  return {
    address: parseAddress(host),
    proxy: { protocol: "http", upstream: `http://${host}`, tls: { certificate: read("apiserver.crt"), key: read("apiserver.key") } },
    authorization: credentials.type === "token" ? `Bearer ${credentials.token}` : undefined,
  };
}

function labAws({ target }: NativeCall): Behind {
  if (target.lab === undefined) throw noLab();
  const endpoint = new URL(target.awsEnvironment()["AWS_ENDPOINT_URL"] ?? "http://127.0.0.1:4566");
  return { address: parseAddress(endpoint.host), proxy: { protocol: "http", upstream: endpoint.origin }, authorization: undefined };
}

function noLab(): ActivityFailed {
  return new ActivityFailed(
    "no lab was named (--lab DIR); for a cluster start holdfast fault-proxy --kubeconfig FILE, point its clients there, and name it with control",
  );
}

function pathOf(of: Of, rules: readonly Rule[], given: JsonObject): string {
  return textAt(given, "path") ?? (of === "aws" ? "/" : probePathFor(rules[0]?.match ?? {}));
}

function labelOf(of: Of, rules: readonly Rule[]): string {
  return `${rules.map(({ name }) => name).join(", ")} from ${of === "aws" ? "AWS" : "the Kubernetes API"}`;
}

function rulesOf(given: JsonObject): readonly Rule[] {
  const { rules, fault, match, share, skip, count } = given;
  if (isList(rules)) return rules.map((rule, at) => readRule(isObject(rule) ? { name: `rule ${at + 1}`, ...rule } : rule));
  const fields = Object.entries({ fault, match, share, skip, count }).filter(([, value]) => value !== undefined);
  return [readRule(Object.fromEntries(fields))];
}

function checkRules(given: JsonObject): readonly ArgumentProblem[] {
  const problem = (argument: string, message: string, mend: string): readonly ArgumentProblem[] => [{ argument, message, mend }];
  const { rules, fault } = given as { readonly rules?: Json; readonly fault?: Json };
  // What holds a value of the configuration is not there yet.
  if (rules === undefined && fault === undefined) return [];
  if (rules !== undefined && fault !== undefined) return problem("rules", "there is a fault as well", "give one of them");
  if (isList(rules) && rules.length === 0) return problem("rules", "there is none", "give one or more");
  try {
    rulesOf(given);
    return [];
  } catch (error) {
    return problem(
      rules === undefined ? "fault" : "rules",
      messageOf(error).replace("bad request body: ", ""),
      "docs/reference/fault-proxy.md lists the faults and their fields",
    );
  }
}
