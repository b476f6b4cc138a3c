/** How groups are put together to applications, of which one instance is killed at a turn (Chaos Monkey's grouping). */
export type Grouping = "group" | "cluster" | "stack" | "app";

/** Deployments of theirs are compared with others: Chaos Monkey leaves clusters alone that end so. */
const COMPARED = /-(canary|baseline|citrus|citrusproxy)$/;

/** The parts of `app-stack-detail-v001` (Frigga's names, which Spinnaker gives). A name that has no parts is an app of its own. */
export function groupName(name: string): { readonly app: string; readonly stack: string; readonly cluster: string } {
  const cluster = name.replace(/-v\d{3,}$/, "");
  const [app = cluster, stack = ""] = cluster.split("-");
  return { app, stack: stack === "" ? app : `${app}-${stack}`, cluster };
}

export function appOf(name: string, grouping: Grouping): string {
  return grouping === "group" ? name : groupName(name)[grouping];
}

export function isCompared(name: string): boolean {
  return COMPARED.test(groupName(name).cluster);
}
