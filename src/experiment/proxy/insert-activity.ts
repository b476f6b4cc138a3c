import { messageOf } from "../../kernel/index.ts";
import { choose, componentsOf, labOf } from "../component/lab-component.ts";
import { type Json, type JsonObject, isList, isObject, textAt } from "../document/json.ts";
import { parseAddress } from "../fault-proxy/address.ts";
import { readToxic } from "../fault-proxy/control/read-body.ts";
import { readRule } from "../fault-proxy/http/read-rule.ts";
import type { Rule } from "../fault-proxy/http/rule.ts";
import type { Toxic } from "../fault-proxy/tcp/toxic.ts";
import type { ArgumentProblem } from "../native/argument-rules.ts";
import type { NativeActivity, NativeCall } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import { PROXY_SOURCE, prepareInsertion } from "./insert.ts";
import { PROBE_ARGUMENTS, injectOptions, linkWitness, slowedMs } from "./link-witness.ts";
import { type ProxyApi, callProxy } from "./proxy-api.ts";
import { ruleWitness } from "./rule-witness.ts";
import { seesToxics } from "./toxic-sight.ts";

/** `proxy/insert`: toxics, or rules of HTTP, on the way to an address of the lab. */
export const insertActivity: NativeActivity = {
  name: "proxy/insert",
  does: "action",
  summary: "puts a fault proxy in the way of everybody who connects to an address or component of the lab; open connections are cut",
  arguments: {
    address: { type: "string", summary: "HOST:PORT, as in 127.30.65.4:8080" },
    component: {
      type: "string",
      summary: "a component of the lab in place of an address, or a pattern of which one is drawn: pod/default/cart-*/*",
    },
    port: { type: "integer", least: 1, most: 65_535, summary: "which port of the component; the only one when left out" },
    toxics: { type: "list", summary: "toxics as of Toxiproxy: {type, stream, toxicity, attributes}" },
    rules: { type: "list", summary: "rules of the fault proxy, where HTTP without TLS is spoken: {match, fault, share, skip, count}" },
    seconds: {
      type: "number",
      least: 0.1,
      most: 86_400,
      summary: "after how many seconds it is taken out; at the end of the run when left out",
    },
    ...PROBE_ARGUMENTS,
  },
  check: (given) => [...checkWhere(given), ...checkAddress(given), ...checkWhat(given)],
  async run(given, call) {
    const place = await addressOf(given, call);
    const address = parseAddress(place);
    const toxics = toxicsOf(given["toxics"]);
    const rules = rulesOf(given["rules"]);
    if (toxics.length + rules.length === 0) throw new ActivityFailed("what is to be broken? give toxics or rules");
    let made: (ProxyApi & { readonly name: string }) | undefined;
    const what = [...toxics.map(({ type, stream }) => `${type} ${stream}`), ...rules.map(({ name }) => name)];
    const fault = prepareInsertion(
      {
        kind: "proxy/insert",
        label: `${what.join(", ")} before ${textAt(given, "component") ?? place}`,
        address,
        proxy: rules.length === 0 ? {} : { protocol: "http", upstream: `http://${place}` },
        async prepare(api, name) {
          made = { ...api, name };
          for (const toxic of toxics) await callProxy(api, "POST", `/proxies/${name}/toxics`, { ...toxic });
          for (const rule of rules) await callProxy(api, "POST", `/proxies/${name}/rules`, rule.written as JsonObject);
        },
        witness:
          rules.length === 0
            ? linkWitness(
                { through: address, around: address, aroundFrom: PROXY_SOURCE, slowedMs: slowedMs(toxics) },
                given,
                call.clock,
                (looks) => seesToxics(toxics, looks),
              )
            : ruleWitness(
                rules,
                {
                  through: { address, tls: false, from: undefined },
                  around: { address, tls: false, from: PROXY_SOURCE },
                  path: textAt(given, "path") ?? "/",
                  authorization: undefined,
                },
                () => {
                  if (made === undefined) throw new ActivityFailed("the proxy does not stand yet");
                  return made;
                },
                call.clock,
              ),
      },
      call,
    );
    const { output } = await call.faults.inject(fault, injectOptions(given, slowedMs(toxics)));
    return output;
  },
};

async function addressOf(given: JsonObject, { target, signal, random }: NativeCall): Promise<string> {
  const { address, port } = given;
  if (typeof address === "string") return address;
  const name = textAt(given, "component");
  if (name === undefined) throw new ActivityFailed("where? give an address or a component");
  const [component] = choose(await componentsOf(labOf(target, name), signal), { name, count: 1 }, random);
  const listens = (component?.listens ?? []).filter((one) => port === undefined || parseAddress(one).port === port);
  const [only] = listens;
  if (only === undefined || listens.length > 1)
    throw new ActivityFailed(
      `${component?.name ?? name} listens on ${(component?.listens ?? []).join(", ") || "nothing"}: ${only === undefined ? "not on that port" : "say which port"}`,
    );
  return only;
}

function checkWhere({ address, component }: JsonObject): readonly ArgumentProblem[] {
  if (address === undefined || component === undefined) return [];
  return [{ argument: "component", message: "there is an address as well", mend: "give one of them" }];
}

function checkAddress({ address }: JsonObject): readonly ArgumentProblem[] {
  try {
    if (typeof address === "string") parseAddress(address);
    return [];
  } catch (error) {
    return [{ argument: "address", message: messageOf(error), mend: "name what clients connect to" }];
  }
}

function checkWhat({ toxics, rules }: JsonObject): readonly ArgumentProblem[] {
  const mend = "docs/reference/fault-proxy.md lists what there is";
  try {
    toxicsOf(toxics);
  } catch (error) {
    return [{ argument: "toxics", message: messageOf(error), mend }];
  }
  try {
    rulesOf(rules);
    return [];
  } catch (error) {
    return [{ argument: "rules", message: messageOf(error), mend }];
  }
}

function toxicsOf(given: Json | undefined): readonly Toxic[] {
  const toxics = isList(given) ? given.map(readToxic) : [];
  return toxics.map((toxic, at) => ({ ...toxic, name: `${at}_${toxic.name}` }));
}

function rulesOf(given: Json | undefined): readonly Rule[] {
  return isList(given) ? given.map((rule, at) => readRule(isObject(rule) ? { name: `rule ${at + 1}`, ...rule } : rule)) : [];
}
