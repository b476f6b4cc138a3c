import { AppError, messageOf } from "../kernel/index.ts";
import type { PlacedRoute } from "./converted-object.ts";
import { isUnreadable } from "./unreadable.ts";
import type { ObjectKind, ObjectProblem } from "./world.ts";

/** The problem of an object that nothing is made of. `key` is its `namespace/name`, or its name. */
export function droppedProblem(kind: ObjectKind, key: string, thrown: unknown): ObjectProblem {
  const slash = key.indexOf("/");
  return {
    kind,
    namespace: key.slice(0, Math.max(slash, 0)),
    name: key.slice(slash + 1),
    code: thrown instanceof AppError ? thrown.code : "INGRESS_FIELD",
    message: messageOf(thrown),
    effect: "dropped",
  };
}

/** What is wrong with routes as problems of the objects that they are from; what was told when they were read is left out. */
export function blame(routes: Iterable<PlacedRoute>): readonly ObjectProblem[] {
  const blamed: ObjectProblem[] = [];
  for (const { owner, problems } of routes) {
    const { namespace, name } = owner.meta;
    for (const { code, message, call } of problems)
      if (!isUnreadable(call)) blamed.push({ kind: owner.kind, namespace, name, code, message, effect: "partial" });
  }
  return blamed;
}

/** One back end may be used by many routes; its owner is told once. */
export function unique(problems: readonly ObjectProblem[]): readonly ObjectProblem[] {
  return problems.length < 2 ? problems : [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}
