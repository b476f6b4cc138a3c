import type { ResourceType } from "./resource-type.ts";

/** Which kinds are served now: the built-in ones and those of established CustomResourceDefinitions. */
export interface Registry {
  /** By path: group, version and plural. */
  find(group: string, version: string, plural: string): ResourceType | undefined;
  all(): readonly ResourceType[];
  /** Replaces what custom kinds a definition (by its name) stands for; an empty list ends them. */
  setCustom(definition: string, types: readonly ResourceType[]): void;
  /** Grows with every change, so that documents made from the registry know when they are old. */
  epoch(): number;
}

export function createRegistry(builtin: readonly ResourceType[]): Registry {
  const custom = new Map<string, readonly ResourceType[]>();
  const pathOf = (group: string, version: string, plural: string): string => `${group}/${version}/${plural}`;
  let byPath = new Map<string, ResourceType>();
  let epoch = 0;
  const rebuild = (): void => {
    epoch++;
    byPath = new Map([...builtin, ...[...custom.values()].flat()].map((type) => [pathOf(type.group, type.version, type.plural), type]));
  };
  rebuild();
  return {
    find: (group, version, plural) => byPath.get(pathOf(group, version, plural)),
    all: () => [...byPath.values()],
    setCustom(definition, types) {
      if (types.length === 0) custom.delete(definition);
      else custom.set(definition, types);
      rebuild();
    },
    epoch: () => epoch,
  };
}
