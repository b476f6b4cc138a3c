import { sleep } from "../../kernel/index.ts";
import type { Json, JsonObject } from "../document/json.ts";
import type { ArgumentRules } from "../native/argument-rules.ts";
import type { NativeActivity, NativeCall } from "../native/native-activity.ts";
import type { PreparedFault } from "../fault/fault.ts";
import { type Direction, type Packets, firewallOf, prepareFirewall } from "./firewall.ts";
import { type Places, checkPlace, findPlaces, placeArguments } from "./place.ts";
import { ROUTES, prepareRoute } from "./route.ts";
import { networkToBreak } from "./run-tool.ts";
import { prepareBandwidth } from "./shape.ts";
import { connectWitness, countWitness, holeWitness } from "./witnesses.ts";

const seconds: ArgumentRules = {
  seconds: {
    type: "number",
    least: 0.1,
    most: 86_400,
    summary: "after how many seconds it is put back; at the end of the run when left out",
  },
};
const direction: ArgumentRules = {
  direction: {
    type: "string",
    choices: ["both", "requests", "replies"],
    default: "both",
    summary: "which packets: to the victim (requests), from it (replies)",
  },
};
const SIGHTLESS_MS = 400;

const drop: NativeActivity = {
  name: "network/drop",
  does: "action",
  summary: "packets are dropped: who connects hangs until its own timeout, as when a machine is gone",
  arguments: { ...placeArguments, ...direction, ...seconds },
  check: checkPlace,
  run: (given, call) => inject(given, call, (places) => dropped(given, call, places)),
};

const reject: NativeActivity = {
  name: "network/reject",
  does: "action",
  summary: "connections are refused at once, and those that are open are reset",
  arguments: {
    ...placeArguments,
    with: { type: "string", choices: ["reset", "unreachable"], default: "reset", summary: "a TCP reset, or ICMP port unreachable" },
    ...seconds,
  },
  check: checkPlace,
  run: (given, call) =>
    inject(given, call, (places) => {
      const isReset = given["with"] === "reset";
      const verdict = ["REJECT", "--reject-with", isReset ? "tcp-reset" : "icmp-port-unreachable"];
      const firewall = firewallOf(networkToBreak(call.environment), places, {
        match: [],
        verdict,
        direction: "requests",
        isTcpOnly: isReset,
      });
      return prepareFirewall(firewall, {
        kind: "network/reject",
        label: `connections to ${places.names.join(", ")} refused`,
        victims: places.names,
        witness: connectWitness(places, ["ECONNREFUSED", "ECONNRESET"]),
      });
    }),
};

const loss: NativeActivity = {
  name: "network/loss",
  does: "action",
  summary: "a share of the packets is lost",
  arguments: {
    ...placeArguments,
    percent: { type: "number", least: 0.1, most: 99, required: true, summary: "how many of a hundred" },
    ...direction,
    ...seconds,
  },
  check: checkPlace,
  run: (given, call) =>
    inject(given, call, (places) => {
      const probability = (Number(given["percent"]) / 100).toFixed(5);
      const firewall = firewallOf(networkToBreak(call.environment), places, {
        match: ["-m", "statistic", "--mode", "random", "--probability", probability],
        verdict: ["DROP"],
        direction: given["direction"] as Direction,
      });
      return prepareFirewall(firewall, {
        kind: "network/loss",
        label: `${Number(given["percent"])} % of packets of ${places.names.join(", ")} lost`,
        victims: places.names,
        witness: countWitness(firewall, places),
      });
    }),
};

const hole: NativeActivity = {
  name: "network/pmtu",
  does: "action",
  summary: "large packets are lost and small ones pass: a path whose MTU nobody was told",
  arguments: {
    ...placeArguments,
    bytes: { type: "integer", least: 200, most: 65_000, default: 600, summary: "from this length on" },
    ...direction,
    ...seconds,
  },
  check: checkPlace,
  run: (given, call) =>
    inject(
      given,
      call,
      (places) => {
        const bytes = Number(given["bytes"]);
        const packets: Packets = {
          // What is left whole for the device to split (GSO) may say 0 for its length: more than the field holds.
          match: ["-m", "length", "!", "--length", `1:${bytes - 1}`],
          verdict: ["DROP"],
          direction: given["direction"] as Direction,
        };
        return prepareFirewall(firewallOf(networkToBreak(call.environment), places, packets), {
          kind: "network/pmtu",
          label: `packets of ${bytes} bytes and more of ${places.names.join(", ")} dropped`,
          victims: places.names,
          witness: holeWitness(places.places[0]?.cidr.split("/")[0] ?? "", bytes),
        });
      },
      true,
    ),
};

const bandwidth: NativeActivity = {
  name: "network/bandwidth",
  does: "action",
  summary: "a narrow link: what goes to and comes from the addresses shares one rate",
  arguments: {
    ...placeArguments,
    kbit: { type: "integer", least: 8, most: 1_000_000, required: true, summary: "kilobits a second" },
    ...seconds,
  },
  check: checkPlace,
  run: (given, call) =>
    inject(given, call, (places) => prepareBandwidth(networkToBreak(call.environment), places, Number(given["kbit"])), true),
};

const unreachable: NativeActivity = {
  name: "network/unreachable",
  does: "action",
  summary: "there is no route: who connects is told so at once",
  arguments: {
    ...placeArguments,
    as: { type: "string", choices: Object.keys(ROUTES), default: "unreachable", summary: "EHOSTUNREACH, EACCES or EINVAL" },
    ...seconds,
  },
  check: checkPlace,
  run: (given, call) =>
    inject(given, call, (places) => prepareRoute(networkToBreak(call.environment), places, given["as"] as keyof typeof ROUTES), true),
};

const flap: NativeActivity = {
  name: "network/flap",
  does: "action",
  summary: "a link that goes down and comes up again and again: packets are dropped, then not",
  arguments: {
    ...placeArguments,
    times: { type: "integer", least: 1, most: 100, required: true, summary: "how often it goes down" },
    down: { type: "number", least: 0.5, most: 600, default: 1, summary: "for how many seconds each time, at least" },
    up: { type: "number", least: 0.1, most: 600, default: 1, summary: "seconds between" },
  },
  check: checkPlace,
  async run(given, call) {
    const places = await findPlaces(given, call);
    for (let at = 0; at < Number(given["times"]) && !call.signal.aborted; at++) {
      const startMs = call.clock.monoMs();
      const { id } = await call.faults.inject(dropped({ direction: "both" }, call, places, SIGHTLESS_MS));
      await sleep(call.clock, Math.max(0, Number(given["down"]) * 1000 - (call.clock.monoMs() - startMs)), call.signal);
      await call.faults.revert(id);
      await sleep(call.clock, Number(given["up"]) * 1000, call.signal);
    }
    return [...places.names];
  },
};

export const networkActivities: readonly NativeActivity[] = [drop, reject, loss, hole, bandwidth, unreachable, flap];

async function inject(
  given: JsonObject,
  call: NativeCall,
  prepare: (places: Places) => PreparedFault | Promise<PreparedFault>,
  wholeAddress = false,
): Promise<Json> {
  // Before anybody is asked where things are: the host's own network is not broken by mistake.
  networkToBreak(call.environment);
  const fault = await prepare(await findPlaces(given, call, wholeAddress));
  const { output } = await call.faults.inject(fault, typeof given["seconds"] === "number" ? { seconds: given["seconds"] } : {});
  return output;
}

function dropped(given: JsonObject, call: NativeCall, places: Places, timeoutMs?: number): PreparedFault {
  const way = given["direction"] as Direction;
  const packets: Packets = { match: [], verdict: ["DROP"], direction: way };
  return prepareFirewall(firewallOf(networkToBreak(call.environment), places, packets), {
    kind: "network/drop",
    label: `${way === "both" ? "packets" : way} ${way === "replies" ? "from" : "to"} ${places.names.join(", ")} dropped`,
    victims: places.names,
    witness: connectWitness(places, ["timeout"], timeoutMs),
  });
}
