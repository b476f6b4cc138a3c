import { type Json, type JsonObject, isList, isObject, objectAt, objectsAt, textAt } from "../document/json.ts";

/** The lab that a row is played in; rows that want the same share one. */
export interface LabProfile {
  readonly nodes: number;
  /** Copies of each application; as many as nodes when not said. */
  readonly replicas?: number;
  /** More arguments of the routers' and the ALB controllers' containers. */
  readonly routerArguments: readonly string[];
  readonly albArguments: readonly string[];
  /** Which fleets of routers stand in it. */
  readonly policy: "hold" | "naive" | "both";
}

/** A deliberately broken stack that the row must not find well. */
export interface KnownBad {
  /** What is switched off, for people: `routers without retries`. */
  readonly switch: string;
  /** What is otherwise in the lab; the same lab when nothing is. */
  readonly lab: Partial<LabProfile>;
  /** What is otherwise in the experiment's configuration. */
  readonly configuration: JsonObject;
}

/** What the extension `holdfast` of an experiment says: a row of the table, and what it is played with. */
export interface Scenario {
  readonly file: string;
  readonly title: string;
  /** `F1.1`. */
  readonly row: string;
  readonly fault: string;
  readonly shows: string;
  /** What the host has to have, in the words of `holdfast doctor`. */
  readonly needs: readonly string[];
  readonly lab: LabProfile;
  readonly knownBad: KnownBad | undefined;
  readonly subsets: readonly string[];
}

const EXTENSION = "holdfast";

/** Where the extension stands in the list; undefined when there is none, and the experiment is no scenario. */
export function extensionAt(experiment: JsonObject): number | undefined {
  const { extensions } = experiment;
  if (!isList(extensions)) return undefined;
  const at = extensions.findIndex((extension) => isObject(extension) && extension["name"] === EXTENSION);
  return at === -1 ? undefined : at;
}

/** What a file that was found valid says of its row; undefined when it says nothing. */
export function readScenario(experiment: JsonObject, file: string): Scenario | undefined {
  const extension = objectsAt(experiment, "extensions").find(({ name }) => name === EXTENSION);
  if (extension?.["row"] === undefined) return undefined;
  const bad = extension["knownBad"];
  return {
    file,
    title: textAt(experiment, "title") ?? "",
    row: textAt(extension, "row") ?? "",
    fault: textAt(extension, "fault") ?? "",
    shows: textAt(extension, "shows") ?? "",
    needs: textsOf(extension["needs"]),
    lab: { nodes: 3, policy: "hold", routerArguments: [], albArguments: [], ...profileOf(objectAt(extension, "lab")) },
    knownBad: isObject(bad)
      ? { switch: textAt(bad, "switch") ?? "", lab: profileOf(objectAt(bad, "lab")), configuration: objectAt(bad, "configuration") }
      : undefined,
    subsets: textsOf(extension["subsets"]),
  };
}

/** The known-bad variant's lab: its arguments come after the row's own. */
export function brokenProfile({ lab, knownBad }: Scenario): LabProfile {
  if (knownBad === undefined) return lab;
  return {
    ...lab,
    ...knownBad.lab,
    routerArguments: [...lab.routerArguments, ...(knownBad.lab.routerArguments ?? [])],
    albArguments: [...lab.albArguments, ...(knownBad.lab.albArguments ?? [])],
  };
}

/** Arguments of `holdfast lab`; rows with the same ones share a lab. */
export function labArguments({ nodes, replicas, policy, routerArguments, albArguments }: LabProfile): readonly string[] {
  return [
    "--scenario",
    "none",
    "--rate",
    "0",
    "--nodes",
    String(nodes),
    "--policy",
    policy,
    ...(replicas === undefined ? [] : ["--replicas", String(replicas)]),
    ...routerArguments.map((argument) => `--router-arg=${argument}`),
    ...albArguments.map((argument) => `--alb-arg=${argument}`),
  ];
}

function profileOf(fields: JsonObject): Partial<LabProfile> {
  const { nodes, replicas, policy } = fields;
  return {
    ...(typeof nodes === "number" ? { nodes } : {}),
    ...(typeof replicas === "number" ? { replicas } : {}),
    ...(policy === "hold" || policy === "naive" || policy === "both" ? { policy } : {}),
    ...(fields["routerArguments"] === undefined ? {} : { routerArguments: textsOf(fields["routerArguments"]) }),
    ...(fields["albArguments"] === undefined ? {} : { albArguments: textsOf(fields["albArguments"]) }),
  };
}

function textsOf(value: Json | undefined): readonly string[] {
  return isList(value) ? value.filter((entry) => typeof entry === "string") : [];
}
