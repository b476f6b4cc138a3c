import { connect } from "node:net";
import { type JsonObject, textAt } from "../document/json.ts";
import type { PreparedFault, Sight, Witness } from "../fault/fault.ts";
import type { ArgumentProblem } from "../native/argument-rules.ts";
import type { NativeActivity } from "../native/native-activity.ts";
import { placeOfTarget } from "./cluster-place.ts";
import { experimentKinds } from "./kinds.ts";
import { prepareCreate } from "./object-faults.ts";
import { SECONDS, lasting } from "./seconds.ts";

const CONNECT_MS = 1_000;

const deny: NativeActivity = {
  name: "networkpolicies/deny-ingress",
  does: "action",
  summary: "nobody may connect to these pods, where the cluster's network enforces NetworkPolicies; put back at the end",
  arguments: {
    namespace: { type: "string", required: true, summary: "whose pods" },
    labels: { type: "object", required: true, summary: "labels of the pods: {app: cart}; {} is all of the namespace" },
    address: {
      type: "string",
      summary: "host:port that must not be reachable then, and is reachable again afterwards; without one only the policy itself is seen",
    },
    ...SECONDS,
  },
  check: checkAddress,
  async run(given, call) {
    const namespace = textAt(given, "namespace") ?? "";
    const name = `holdfast-deny-ingress-${Math.floor(call.random.next() * 2 ** 32).toString(36)}`;
    const place = { resource: experimentKinds.networkPolicies, ref: { namespace, name } };
    const manifest = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name },
      spec: { podSelector: { matchLabels: given["labels"] ?? {} }, policyTypes: ["Ingress"], ingress: [] },
    };
    const naming = {
      kind: "networkpolicies/deny-ingress",
      label: `deny-ingress to pods ${JSON.stringify(given["labels"])} of ${namespace}`,
    };
    const fault = await prepareCreate(placeOfTarget(call.target), place, manifest, naming);
    const address = textAt(given, "address");
    await call.faults.inject(address === undefined ? fault : { ...fault, witness: connecting(address, fault) }, lasting(given));
    return name;
  },
};

function checkAddress(given: JsonObject): readonly ArgumentProblem[] {
  const address = textAt(given, "address");
  if (address === undefined || /^.+:\d{1,5}$/.test(address)) return [];
  return [{ argument: "address", message: `${JSON.stringify(address)} is no address`, mend: "write host:port" }];
}

function connecting(address: string, { witness }: PreparedFault): Witness {
  return {
    label: `connect to ${address}`,
    async isInjected(signal) {
      const policy = await witness.isInjected(signal);
      const { seen, evidence } = await connected(address);
      return { seen: policy.seen && !seen, evidence: `${policy.evidence}; ${evidence}` };
    },
    async isReverted(signal) {
      const policy = await witness.isReverted(signal);
      const { seen, evidence } = await connected(address);
      return { seen: policy.seen && seen, evidence: `${policy.evidence}; ${evidence}` };
    },
  };
}

function connected(address: string): Promise<Sight> {
  const at = address.lastIndexOf(":");
  return new Promise((resolve) => {
    const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), timeout: CONNECT_MS });
    const told = (seen: boolean, what: string): void => {
      socket.destroy();
      resolve({ seen, evidence: `connect to ${address}: ${what}` });
    };
    socket.once("connect", () => told(true, "accepted"));
    socket.once("timeout", () => told(false, `nothing after ${CONNECT_MS} ms`));
    socket.once("error", (error: NodeJS.ErrnoException) => told(false, error.code ?? error.message));
  });
}

const remove: NativeActivity = {
  name: "networkpolicies/remove",
  does: "action",
  summary: "takes away what networkpolicies/deny-ingress of this run has made",
  arguments: {},
  async run(_given, { faults }) {
    const open = faults.open().filter(({ kind }) => kind === "networkpolicies/deny-ingress");
    for (const { id } of open.toReversed()) await faults.revert(id);
    return open.map(({ label }) => label);
  },
};

export const networkPolicyActivities: readonly NativeActivity[] = [deny, remove];
