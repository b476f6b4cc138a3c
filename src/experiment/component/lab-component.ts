import { messageOf, type Random } from "../../kernel/index.ts";
import { type Json, isObject, isList } from "../document/json.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";
import type { LabHandle, Target } from "../target/target.ts";

/** A process of the lab, as its console tells of it (docs/reference/console-api.md, "Components"). */
export interface LabComponent {
  readonly name: string;
  readonly state: string;
  readonly pid: number | null;
  readonly startedAtTicks: string | null;
  readonly listens: readonly string[];
  readonly address: string | null;
  readonly node: string | null;
  readonly zone: string | null;
  /** `lab`, `kubelet` or `router`. */
  readonly startedBy: string;
}

/** Which components are meant. */
export interface Wanted {
  /** A name, or a pattern of one: `*` stands for anything but a slash, `**` for anything. */
  readonly name: string;
  readonly node?: string;
  readonly zone?: string;
  /** How many of those that fit, drawn by chance; all when undefined. */
  readonly count?: number;
}

/** The lab that is aimed at. Throws `ActivityFailed` where there is none. */
export function labOf(target: Target, name: string): LabHandle {
  if (target.lab !== undefined) return target.lab;
  throw new ActivityFailed(
    `component ${name} is of a lab, and none was named (--lab DIR); on a cluster use pods/kill with the labels of its pods. Static pods of a control plane are nobody's to kill over the API: stop them on their node (move the manifest out of /etc/kubernetes/manifests)`,
  );
}

/** All components of a lab now. Rejects with `ActivityFailed`; an error is never an empty list. */
export async function componentsOf(lab: LabHandle, signal: AbortSignal): Promise<readonly LabComponent[]> {
  const url = new URL("/api/components", lab.url);
  let told: Json;
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    told = (await response.json()) as Json;
  } catch (error) {
    throw new ActivityFailed(`${url.href}: the lab does not say what runs (${messageOf(error)})`);
  }
  if (!isList(told) || told.length === 0 || told.some((one) => !isObject(one) || typeof one["name"] !== "string"))
    throw new ActivityFailed(`${url.href}: this is no list of components`);
  return told as unknown as readonly LabComponent[];
}

/** Those that are meant, `count` of them drawn. Throws `ActivityFailed` when there are too few: an experiment without victims shows nothing. */
export function choose(all: readonly LabComponent[], { name, node, zone, count }: Wanted, random: Random): readonly LabComponent[] {
  const pattern = patternOf(name);
  const fitting = all.filter(
    (one) => pattern.test(one.name) && (node === undefined || one.node === node) && (zone === undefined || one.zone === zone),
  );
  if (fitting.length < Math.max(1, count ?? 1)) {
    const asked = count === undefined || count === 1 ? "" : `${count} are asked for; `;
    throw new ActivityFailed(
      fitting.length === 0
        ? `no component of the lab fits ${name}; it has ${all.map((one) => one.name).join(", ")}`
        : `${asked}only ${fitting.map((one) => one.name).join(", ")} fit ${name}`,
    );
  }
  const left = fitting.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  if (count === undefined) return left;
  return Array.from({ length: count }, () => left.splice(Math.floor(random.next() * left.length), 1)).flat();
}

function patternOf(name: string): RegExp {
  const parts = name
    .split(/(\*\*|\*)/)
    .map((part) => (part === "**" ? ".*" : part === "*" ? "[^/]*" : part.replaceAll(/[^\w/-]/g, "\\$&")));
  return new RegExp(`^${parts.join("")}$`);
}

/** Tells the lab to change a component. Rejects with `ActivityFailed`. */
export async function changeComponent(
  lab: LabHandle,
  { name, verb, kill = false }: { readonly name: string; readonly verb: "stop" | "start" | "restart"; readonly kill?: boolean },
  signal: AbortSignal,
): Promise<void> {
  const url = new URL(`/api/components/${name}/${verb}`, lab.url);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "x-holdfast-token": lab.token, "content-type": "application/json" },
      body: JSON.stringify(kill ? { signal: "KILL" } : {}),
      signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
    });
    if (!response.ok) throw new Error(await response.text());
  } catch (error) {
    throw new ActivityFailed(`the lab did not ${verb} ${name}: ${messageOf(error)}`);
  }
}
