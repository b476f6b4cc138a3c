import type { LabelTest } from "../../../kube/index.ts";
import { SYSTEM_NAMESPACES, denied } from "../../blast/denied.ts";
import type { Zone } from "../calendar/zone.ts";
import { budgetsOf } from "../world/disruption-budget.ts";
import type { PodView } from "../world/pod-view.ts";
import { type World, workloadOf } from "../world/world.ts";
import type { NameList } from "./name-list.ts";
import { notOptedIn, optedOut } from "./opt-in.ts";

/** Who may be killed. */
export interface SelectionRules {
  /** `labels`: who agreed to it by a label or annotation. `selectors`: whom the selectors below name, as chaoskube does it. */
  readonly optIn: "labels" | "selectors";
  readonly labels: LabelTest;
  readonly annotations: LabelTest;
  readonly namespaces: NameList;
  readonly namespaceLabels: LabelTest;
  readonly kinds: NameList;
  readonly includedNames: ((name: string) => boolean) | undefined;
  readonly excludedNames: ((name: string) => boolean) | undefined;
  readonly minimumAgeMs: number;
  /** Whether pods that nothing makes again may be killed. */
  readonly unowned: boolean;
  readonly zone: Zone;
  /** The pod this runs in. */
  readonly self: { readonly namespace: string; readonly name: string } | undefined;
}

/** Why a pod is not killed; undefined when it may be. */
export function whySafe(pod: PodView, world: World, rules: SelectionRules, nowMs: number): string | undefined {
  return (
    untouchable(pod, world, rules) ?? notMeant(pod, world, rules, nowMs) ?? notReplaceable(pod, world, rules) ?? notSpareable(pod, world)
  );
}

function untouchable(pod: PodView, world: World, { self }: SelectionRules): string | undefined {
  if (SYSTEM_NAMESPACES.has(pod.namespace)) return `nobody is killed in ${pod.namespace}`;
  const own = world.pods.find(({ namespace, name }) => namespace === self?.namespace && name === self.name);
  if (pod === own) return "it is the killer";
  if (own?.controller !== undefined && own.controller.uid === pod.controller?.uid) return "it is the killer, another one of it";
  const why = denied(pod, { allowsSystem: false });
  if (why !== undefined) return why;
  if (pod.isMirror) return "it is a kubelet's own (mirror) pod";
  if (pod.uid === "") return "the API server does not tell its UID";
  return optedOut(pod, world);
}

function notMeant(pod: PodView, world: World, rules: SelectionRules, nowMs: number): string | undefined {
  if (!rules.namespaces.takes([pod.namespace])) return "--namespaces leaves its namespace out";
  if (!rules.namespaceLabels(world.namespaces.get(pod.namespace)?.metadata.labels)) return "--namespace-labels leaves its namespace out";
  if (!rules.labels(pod.labels)) return "--labels leaves it out";
  if (!rules.annotations(pod.annotations)) return "--annotations leaves it out";
  if (!rules.kinds.takes([...pod.ownerKinds, workloadOf(pod, world)?.kind ?? ""])) return "--kinds leaves out what owns it";
  if (rules.includedNames?.(pod.name) === false) return "--included-pod-names leaves it out";
  if (rules.excludedNames?.(pod.name) === true) return "--excluded-pod-names leaves it out";
  if (rules.optIn === "labels") {
    const missing = notOptedIn(pod, world, rules.zone, nowMs);
    if (missing !== undefined) return missing;
  }
  if (pod.isTerminating) return "it is ending already";
  if (pod.phase !== "Running") return `it is ${pod.phase}, not Running`;
  // Not `age < minimum`: an age that cannot be told is no age.
  if (!(nowMs - pod.createdMs >= rules.minimumAgeMs)) return "it is younger than --minimum-age";
  return undefined;
}

function notReplaceable(pod: PodView, world: World, { unowned }: SelectionRules): string | undefined {
  if (pod.controller === undefined) return unowned ? undefined : "nothing would make it again (--unowned-pods)";
  const workload = workloadOf(pod, world);
  if (workload === undefined) return `how its ${pod.controller.kind} ${pod.controller.name} is cannot be told`;
  return workload.unwell === undefined ? undefined : `${workload.kind} ${workload.name}: ${workload.unwell}`;
}

function notSpareable(pod: PodView, world: World): string | undefined {
  const budgets = budgetsOf(pod, world.budgets);
  if (budgets.length > 1) return `${budgets.length} PodDisruptionBudgets select it, and the API server evicts no such pod`;
  const [budget] = budgets;
  return budget !== undefined && budget.allowed < 1 ? `PodDisruptionBudget ${budget.key} allows nobody to go now` : undefined;
}
