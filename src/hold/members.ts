import { assertNever } from "../kernel/index.ts";
import type { Evidence, EvidenceItem } from "./evidence.ts";

/**
 * Turns evidence about containers (an EndpointSlice) into evidence about what they contain (its endpoints), so that a container that is emptied is
 * held like the removal it is. A member that two containers have is deleted only when both have lost it. `membersOf` gives keys unique over all
 * containers, except for the same member in two of them.
 */
export function createMemberEvidence<T, M>(
  membersOf: (item: EvidenceItem<T>) => readonly EvidenceItem<M>[],
  sink: (evidence: Evidence<M>) => void,
): (evidence: Evidence<T>) => void {
  const membersByContainer = new Map<string, ReadonlySet<string>>();
  const containersByMember = new Map<string, Set<string>>();

  function replace(container: string, members: readonly EvidenceItem<M>[]): string[] {
    const before = membersByContainer.get(container);
    const now = new Set(members.map(({ key }) => key));
    membersByContainer.set(container, now);
    for (const key of now) {
      const owners = containersByMember.get(key);
      if (owners === undefined) containersByMember.set(key, new Set([container]));
      else owners.add(container);
    }
    const lost: string[] = [];
    for (const key of before ?? []) {
      if (now.has(key)) continue;
      const owners = containersByMember.get(key);
      owners?.delete(container);
      if (owners?.size === 0) {
        containersByMember.delete(key);
        lost.push(key);
      }
    }
    return lost;
  }

  function complete(evidence: Extract<Evidence<T>, { kind: "complete" }>): void {
    const poisoned = evidence.poisoned.flatMap((item): { key: string | undefined; problem: string }[] => {
      const known = item.key === undefined ? undefined : membersByContainer.get(item.key);
      // A container nobody has ever read may hold anything: then no removal is proved.
      return known === undefined ? [{ key: undefined, problem: item.problem }] : [...known].map((key) => ({ key, problem: item.problem }));
    });
    const unread = new Map<string, ReadonlySet<string>>();
    for (const { key } of evidence.poisoned) {
      const members = key === undefined ? undefined : membersByContainer.get(key);
      if (key !== undefined && members !== undefined) unread.set(key, members);
    }
    membersByContainer.clear();
    containersByMember.clear();
    const items = new Map<string, EvidenceItem<M>>();
    for (const item of evidence.items) {
      const members = membersOf(item);
      replace(item.key, members);
      for (const member of members) items.set(member.key, member);
    }
    for (const [key, members] of unread) {
      membersByContainer.set(key, members);
      for (const member of members) {
        const owners = containersByMember.get(member) ?? new Set();
        containersByMember.set(member, owners.add(key));
      }
    }
    sink({ ...evidence, items: [...items.values()], poisoned });
  }

  return (evidence) => {
    switch (evidence.kind) {
      case "complete":
        complete(evidence);
        return;
      case "upsert": {
        const members = membersOf(evidence);
        const lost = replace(evidence.key, members);
        // Additions first: a container whose members are all replaced is never seen empty.
        for (const member of members) sink({ kind: "upsert", ...member });
        for (const key of lost) sink({ kind: "delete", key, revision: evidence.version });
        return;
      }
      case "delete":
        for (const key of replace(evidence.key, [])) sink({ kind: "delete", key, revision: evidence.revision });
        membersByContainer.delete(evidence.key);
        return;
      case "poisoned":
        for (const key of (evidence.key === undefined ? undefined : membersByContainer.get(evidence.key)) ?? [])
          sink({ kind: "poisoned", key, problem: evidence.problem });
        return;
      case "absent":
        membersByContainer.clear();
        containersByMember.clear();
        sink(evidence);
        return;
      case "failed":
      case "live":
        sink(evidence);
        return;
      default:
        assertNever(evidence);
    }
  };
}
