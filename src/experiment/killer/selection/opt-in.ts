import type { Zone } from "../calendar/zone.ts";
import { dateText } from "../calendar/zone.ts";
import type { PodView } from "../world/pod-view.ts";
import { type World, workloadOf } from "../world/world.ts";

/** Label or annotation of a pod, of what makes it again, or of its namespace. */
export const OPT_IN = "holdfast.dev/chaos";
/** The last day on which it holds, `2026-12-31`. */
export const OPT_IN_UNTIL = "holdfast.dev/chaos-until";
const KUBE_MONKEY = "kube-monkey/enabled";

type Words = Readonly<Record<string, string>>;

/**
 * Why a pod did not agree to be killed; undefined when it did. `disabled` anywhere is stronger than `enabled` anywhere, and a word that is neither
 * is no agreement.
 */
export function notOptedIn(pod: PodView, world: World, zone: Zone, nowMs: number): string | undefined {
  const places = placesOf(pod, world);
  const out = optedOut(pod, world);
  if (out !== undefined) return out;
  for (const { place, words } of places) {
    const said = words[OPT_IN];
    if (said !== undefined && said !== "enabled") return `${OPT_IN} of its ${place} is ${JSON.stringify(said)}: write enabled or disabled`;
  }
  const agreed = places.find(({ words }) => words[OPT_IN] === "enabled" || words[KUBE_MONKEY] === "enabled");
  if (agreed === undefined) return `nobody agreed to it: no ${OPT_IN}=enabled on it, on what makes it again or on its namespace`;
  const until = agreed.words[OPT_IN_UNTIL];
  if (until === undefined) return undefined;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(until))
    return `${OPT_IN_UNTIL} of its ${agreed.place} is ${JSON.stringify(until)}: write a day as in 2026-12-31`;
  return dateText(zone.wall(nowMs)) > until ? `what was agreed to ended on ${until}` : undefined;
}

/** Why a pod is not to be killed whatever else is asked for; undefined when nothing says so. */
export function optedOut(pod: PodView, world: World): string | undefined {
  const place = placesOf(pod, world).find(({ words }) => words[OPT_IN] === "disabled")?.place;
  return place === undefined ? undefined : `${OPT_IN}=disabled on its ${place}`;
}

function placesOf(pod: PodView, world: World): readonly { readonly place: string; readonly words: Words }[] {
  const workload = workloadOf(pod, world);
  const namespace = world.namespaces.get(pod.namespace)?.metadata;
  return [
    { place: "pod", words: { ...pod.annotations, ...pod.labels } },
    ...(workload === undefined ? [] : [{ place: workload.kind, words: { ...workload.annotations, ...workload.labels } }]),
    ...(namespace === undefined ? [] : [{ place: "namespace", words: { ...namespace.annotations, ...namespace.labels } }]),
  ];
}
