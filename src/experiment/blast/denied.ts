/** What experiments do not touch unless an activity is made for it and the command line says so (`--allow-system`). */
export const SYSTEM_NAMESPACES: ReadonlySet<string> = new Set(["kube-system", "kube-public", "kube-node-lease"]);
/** `app.kubernetes.io/name` of what watches over experiments, and of the killer. */
const OWN = new Set(["holdfast-chaos", "holdfast-experiment"]);

interface Denials {
  readonly allowsSystem: boolean;
  /** The pod that this program runs in. */
  readonly self?: { readonly namespace: string; readonly name: string };
}

interface NamedPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Why a pod is not to be touched, whatever the selectors are; undefined when it may be. */
export function denied({ namespace, name, labels }: NamedPod, { allowsSystem, self }: Denials): string | undefined {
  if (self?.namespace === namespace && self.name === name) return "it is what runs this experiment";
  if (OWN.has(labels?.["app.kubernetes.io/name"] ?? "")) return "it is a tool of experiments itself";
  return SYSTEM_NAMESPACES.has(namespace) && !allowsSystem ? `nothing in ${namespace} is touched without --allow-system` : undefined;
}
