import { LineCounter, parseAllDocuments } from "yaml";
import { type ObjectProblem, type World, endpointSliceOf } from "../ingress/index.ts";
import { AppError, type Problem, formatProblem, messageOf } from "../kernel/index.ts";
import type { KubeObject } from "../kube/index.ts";
import { readText } from "./routes-check.ts";

interface YamlDocument {
  readonly value: unknown;
  readonly line: number;
}

/** The documents of a YAML text with their lines; what is odd in it is added to `warnings`. Throws AppError `CLI_FILE` whose message begins with file, line and column. */
export function parseYaml(text: string, file: string, warnings: Problem[]): readonly YamlDocument[] {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false });
  return [...documents].map((document) => {
    for (const { code, pos, message } of document.errors) {
      const at = lineCounter.linePos(pos[0]);
      const place = { file, line: at.line, column: at.col };
      if (code !== "DUPLICATE_KEY") throw new AppError("CLI_FILE", formatProblem({ ...place, message }));
      // The last one counts, as for kubectl; a typing error all the same.
      warnings.push({ ...place, message: "this key stands twice; the later one is used" });
    }
    const { line } = lineCounter.linePos(document.contents?.range?.[0] ?? 0);
    return { value: toValue(document, file, line), line };
  });
}

function toValue(document: { toJS(options: { maxAliasCount: number }): unknown }, file: string, line: number): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (thrown) {
    throw new AppError("CLI_FILE", `${file}:${line}:1: ${messageOf(thrown)}`, { cause: thrown });
  }
}

const KINDS = {
  Ingress: "ingresses",
  RouteGroup: "routeGroups",
  Service: "services",
  EndpointSlice: "endpointSlices",
  IngressClass: "ingressClasses",
} as const;

type Kind = keyof typeof KINDS;

/** Objects of files by kind and name, with where they stand. Kinds that routes are not made of are passed over. */
export class Manifests {
  readonly problems: Problem[] = [];
  /** What was read all the same. */
  readonly warnings: Problem[] = [];
  readonly #objects: Record<Kind, Map<string, KubeObject>> = {
    Ingress: new Map(),
    RouteGroup: new Map(),
    Service: new Map(),
    EndpointSlice: new Map(),
    IngressClass: new Map(),
  };
  readonly #endpoints: KubeObject[] = [];
  readonly #places = new Map<string, { readonly file: string; readonly line: number }>();

  read(file: string): void {
    for (const { value, line } of parseYaml(readText(file), file, this.warnings)) {
      if (value !== null && value !== undefined) this.#add(value, file, line);
    }
  }

  #add(value: unknown, file: string, line: number): void {
    if (!isKubeObject(value)) {
      this.problems.push({ file, line, column: 1, message: "expected a Kubernetes object with kind and metadata.name" });
      return;
    }
    if (value.kind === "List" || value.kind.endsWith("List")) {
      const items: unknown = (value as { readonly items?: unknown }).items;
      for (const item of Array.isArray(items) ? (items as readonly unknown[]) : []) this.#add(item, file, line);
      return;
    }
    if (value.kind === "Endpoints") this.#endpoints.push(value);
    if (!Object.hasOwn(KINDS, value.kind)) return;
    const kind = value.kind as Kind;
    const key = kind === "IngressClass" ? value.metadata.name : keyOf(value);
    this.#objects[kind].set(key, value);
    this.#places.set(`${kind} ${key}`, { file, line });
  }

  /** Endpoints stand in for a Service that has no EndpointSlice. */
  world(): World {
    const slices = new Map(this.#objects.EndpointSlice);
    const served = new Set(
      [...slices.values()].map(
        (slice) => `${slice.metadata.namespace ?? "default"}/${slice.metadata.labels?.["kubernetes.io/service-name"]}`,
      ),
    );
    for (const endpoints of this.#endpoints) {
      if (!served.has(keyOf(endpoints))) for (const slice of endpointSliceOf(endpoints)) slices.set(keyOf(slice), slice);
    }
    const { Ingress, RouteGroup, Service, IngressClass } = this.#objects;
    return { ingresses: Ingress, routeGroups: RouteGroup, services: Service, endpointSlices: slices, ingressClasses: IngressClass };
  }

  locate({ kind, namespace, name, message, effect }: ObjectProblem): Problem {
    const key = kind === "IngressClass" ? name : `${namespace}/${name}`;
    const place = this.#places.get(`${kind} ${key}`);
    const outcome = { dropped: "not converted", partial: "converted in part", ignored: "converted" }[effect];
    return {
      file: place?.file ?? "-",
      line: place?.line ?? 0,
      column: place === undefined ? 0 : 1,
      message: `${kind} ${key} ${outcome}: ${message}`,
    };
  }
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? "default"}/${object.metadata.name}`;
}

function isKubeObject(value: unknown): value is KubeObject {
  if (typeof value !== "object" || value === null || !("kind" in value) || typeof value.kind !== "string") return false;
  if (value.kind.endsWith("List")) return true;
  if (!("metadata" in value) || typeof value.metadata !== "object" || value.metadata === null) return false;
  return "name" in value.metadata && typeof value.metadata.name === "string";
}
