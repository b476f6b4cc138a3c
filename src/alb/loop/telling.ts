import type { Clock } from "../../kernel/index.ts";
import type { Applied } from "../apply/apply.ts";
import { valueOf } from "../evidence.ts";
import type { ClaimProblem } from "../model/claim.ts";
import type { Observer } from "../observe/observer.ts";
import { failedLoadBalancers } from "../status/failed-load-balancers.ts";
import type { StatusWriter } from "../status/status-writer.ts";
import { type Thought, ownersOf } from "./thought.ts";

export interface TellingDeps {
  readonly writer: StatusWriter;
  readonly observer: Pick<Observer, "wrote" | "unreadableCertificates">;
  readonly objectProblems: () => readonly ClaimProblem[];
  readonly clock: Clock;
  /** Makes another reconcile. */
  readonly wake: (reason: string) => void;
}

/** How soon a load balancer that does not serve yet is looked at again: it may never do, and each look is some calls of AWS. */
const LOOK_MS = 2_000;
const LOOK_CAP_MS = 300_000;

/** Tells the objects where they are served and what is wrong, and looks again at load balancers that do not serve yet. */
export function createTelling(deps: TellingDeps): (thought: Thought, applied: Applied) => Promise<void> {
  const looks = new Map<string, { count: number; isWaiting: boolean }>();

  function lookAgainAt(names: ReadonlySet<string>): void {
    for (const name of looks.keys()) if (!names.has(name)) looks.delete(name);
    for (const name of names) {
      const look = looks.get(name) ?? { count: 0, isWaiting: false };
      looks.set(name, look);
      if (look.isWaiting) continue;
      look.isWaiting = true;
      deps.clock.timer(Math.min(LOOK_CAP_MS, LOOK_MS * 2 ** look.count++), () => {
        look.isWaiting = false;
        deps.observer.wrote([name]);
        deps.wake("a load balancer that does not serve yet");
      });
    }
  }

  return async (thought, applied) => {
    const { layout, resolution, observation } = thought;
    const { stacks } = observation.observed;
    const { waits } = await deps.writer.write({
      claims: valueOf(thought.claims) ?? [],
      layout,
      stacks,
      problems: [
        ...deps.objectProblems(),
        ...layout.problems.map((problem) => withUnreadable(problem, deps.observer.unreadableCertificates())),
        ...resolution.problems,
        ...failedLoadBalancers(layout, stacks),
        ...stepProblems(thought, applied),
      ],
    });
    lookAgainAt(new Set(waits.map(({ name }) => name)));
  };
}

/** What of a load balancer could not be done is told to all whom it serves, unless it passes by itself. */
function stepProblems(thought: Thought, { problems }: Applied): readonly ClaimProblem[] {
  const owners = ownersOf(thought);
  return problems
    .filter(({ passes }) => !passes)
    .flatMap(({ name, reason, message }) => (owners.get(name) ?? []).map((owner) => ({ owner, reason, message })));
}

/** A host without a certificate may have one that cannot be read: then its owner need not ask for another. */
function withUnreadable(problem: ClaimProblem, unreadable: readonly string[]): ClaimProblem {
  if (problem.reason !== "CertificateNotFound" || unreadable.length === 0) return problem;
  const more = unreadable.length > MOST_NAMED ? ` and ${unreadable.length - MOST_NAMED} more` : "";
  return { ...problem, message: `${problem.message}; these cannot be read: ${unreadable.slice(0, MOST_NAMED).join(", ")}${more}` };
}

const MOST_NAMED = 5;
