import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock, Random } from "../../kernel/index.ts";
import type { Json, JsonObject } from "../document/json.ts";
import { written } from "../document/json.ts";
import { formatAddress } from "../fault-proxy/address.ts";
import type { PreparedFault, UndoKind, Witness } from "../fault/fault.ts";
import { isInOwnNamespace, networkNamespaceOf } from "../namespace/network-namespace.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { Target } from "../target/target.ts";
import { type ProxyApi, callProxy } from "./proxy-api.ts";
import { endProxyProcess, startProxyProcess } from "./proxy-process.ts";
import { redirect, removeRedirect } from "./redirect.ts";

const KIND = "proxy/insert";
/** Where the proxy's connections come from: an address that nobody has, so that the rule can tell them from others'. */
export const PROXY_SOURCE = "127.254.0.2";
const PROXY_HOST = "127.254.0.1";

export interface Insertion {
  readonly kind: string;
  readonly label: string;
  readonly address: { readonly host: string; readonly port: number };
  /** The rest of what the proxy is made of, for its API. */
  readonly proxy: JsonObject;
  /** Called when the proxy stands, before anybody goes through it. */
  readonly prepare: (api: ProxyApi, name: string) => Promise<void>;
  readonly witness: Witness;
}

export interface InsertDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly target: Target;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * A fault proxy put into the way of everybody who connects to an address, by the firewall of the network namespace that the lab is in:
 * nobody is restarted or told of it, and connections that are open are cut so that they come again through it.
 * Throws {@link ActivityFailed} where the network is not ours.
 */
export function prepareInsertion({ kind, label, address, proxy, prepare, witness }: Insertion, deps: InsertDeps): PreparedFault {
  const namespace = ownNamespace(deps);
  const mark = `holdfast-proxy-${randomBytes(6).toString("hex")}`;
  const identityFile = join(tmpdir(), `${mark}.json`);
  const place = formatAddress(address.host, address.port);
  return {
    kind,
    label,
    victims: [place],
    undo: { kind: KIND, mark, namespace, identityFile, lab: deps.target.lab?.pid ?? null },
    async apply() {
      const seed = Math.floor(deps.random.next() * 2 ** 32);
      const api = await startProxyProcess({ from: PROXY_SOURCE, seed, identityFile }, deps.clock);
      const made = await callProxy(api, "POST", "/proxies", { name: mark, listen: `${PROXY_HOST}:0`, upstream: place, ...proxy });
      await prepare(api, mark);
      const to = written((made as { readonly listen?: Json }).listen);
      await redirect({ address, to, except: PROXY_SOURCE, mark });
      return { address: place, proxy: to };
    },
    witness,
  };
}

export const insertUndo: UndoKind = {
  kind: KIND,
  async undo({ mark, namespace, identityFile, lab }, { clock, signal }) {
    // First the way, then the proxy: nobody is to come to one that is gone.
    if (networkNamespaceOf("self") === namespace) await removeRedirect(written(mark));
    else if (typeof lab === "number" && networkNamespaceOf(lab) === namespace)
      throw new ActivityFailed(`the rules are in the network namespace of process ${lab}, and this is another one`);
    await endProxyProcess(written(identityFile), clock, signal);
  },
  byHand: ({ mark, lab }) =>
    `${lab === null ? "" : `nsenter --net -t ${written(lab)} `}iptables-save | grep ${written(mark)} shows the rules to delete (iptables -t nat -D OUTPUT …)`,
};

function ownNamespace({ target: { lab }, environment }: InsertDeps): string {
  const own = networkNamespaceOf("self");
  if (!isInOwnNamespace(environment))
    throw new ActivityFailed(
      "a proxy is put in the way by firewall rules, and this network is everybody's: run lab and experiment in a namespace of their own (--network-namespace)",
    );
  if (lab !== undefined && networkNamespaceOf(lab.pid) !== own)
    throw new ActivityFailed(
      `the lab is in another network namespace than this experiment: nsenter --net -t ${lab.pid} holdfast experiment run …`,
    );
  return own;
}
