import type { Pod } from "../objects/index.ts";
import { type NodeView, ownerOf, podRequests } from "./node-view.ts";

const ZONE = "topology.kubernetes.io/zone";

/**
 * The best of `fitting` for the pod: first the zone, then the node with the fewest pods of the same owner, then the one whose
 * cores and memory are least asked for, then by name, so that the choice can be foreseen. `all` are the nodes whose pods count.
 */
export function pickNode(pod: Pod, fitting: readonly NodeView[], all: Iterable<NodeView>): NodeView | undefined {
  const owner = ownerOf(pod);
  const inZone = new Map<string, number>();
  for (const view of all) inZone.set(zoneOf(view), (inZone.get(zoneOf(view)) ?? 0) + (view.owners.get(owner) ?? 0));
  const rank = (view: NodeView): readonly [number, number, number] => [
    inZone.get(zoneOf(view)) ?? 0,
    view.owners.get(owner) ?? 0,
    loadOf(pod, view),
  ];
  const ranked = fitting.map((view) => ({ view, by: rank(view) }));
  ranked.sort((one, two) => {
    return (
      one.by[0] - two.by[0] ||
      one.by[1] - two.by[1] ||
      one.by[2] - two.by[2] ||
      one.view.node.metadata.name.localeCompare(two.view.node.metadata.name)
    );
  });
  return ranked[0]?.view;
}

function loadOf(pod: Pod, view: NodeView): number {
  const requests = podRequests(pod);
  const shares = ["cpu", "memory"].map((name) => {
    const has = view.allocatable.get(name) ?? 0;
    return has === 0 ? 1 : ((view.requested.get(name) ?? 0) + (requests.get(name) ?? 0)) / has;
  });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

function zoneOf(view: NodeView): string {
  return view.node.metadata.labels?.[ZONE] ?? "";
}
