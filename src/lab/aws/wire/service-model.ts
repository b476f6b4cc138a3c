import { readFileSync } from "node:fs";

/** What a request, an answer or a part of one looks like; a subset of the service models that botocore publishes. */
export interface Shape {
  readonly type: "structure" | "list" | "map" | "string" | "integer" | "long" | "float" | "double" | "boolean" | "timestamp" | "blob";
  readonly members?: Readonly<Record<string, Member>>;
  readonly member?: Member;
  readonly key?: Member;
  readonly value?: Member;
  readonly required?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly flattened?: boolean;
  readonly error?: { readonly code?: string; readonly httpStatusCode?: number };
}

/** Which shape a field has, and what it is called on the wire where that is not its name. */
export interface Member {
  readonly shape: string;
  readonly locationName?: string;
  /** What a request of EC2 calls it. */
  readonly queryName?: string;
  readonly flattened?: boolean;
}

export interface Operation {
  readonly input?: string;
  readonly output?: string;
  /** The element that an answer of the Query protocol wraps its result in. */
  readonly wrapper?: string;
}

/** How a service is spoken to (Smithy: awsQuery, ec2Query, awsJson1_1). */
export type Protocol = "query" | "ec2" | "json";

export interface ServiceModel {
  /** The service in the scope of a signature: `elasticloadbalancing`. */
  readonly signingName: string;
  readonly apiVersion: string;
  readonly protocol: Protocol;
  /** Of AWS JSON: `1.0` or `1.1`. */
  readonly jsonVersion: string;
  /** Of its answers in XML. */
  readonly xmlNamespace: string;
  /** What stands before the dot of X-Amz-Target. */
  readonly targetPrefix: string;
  readonly operations: ReadonlyMap<string, Operation>;
  shape(name: string): Shape;
}

interface Metadata {
  readonly apiVersion: string;
  readonly signingName: string;
  readonly protocols: readonly string[];
  readonly jsonVersion?: string;
  readonly xmlNamespace?: string;
  readonly targetPrefix?: string;
}

/** Reads a table of `src/lab/aws/shapes`, made by tools/extract-aws-shapes.mjs. Of a service that speaks several protocols, the first of `wanted`. */
export function readServiceModel(name: string, wanted: readonly Protocol[] = ["query", "ec2", "json"]): ServiceModel {
  const [, ...lines] = readFileSync(new URL(`../shapes/${name}.jsonl`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n");
  const rows = new Map(lines.map((line) => JSON.parse(line) as [string, unknown]));
  const metadata = rows.get("metadata") as Metadata;
  const protocol = wanted.find((candidate) => metadata.protocols.includes(candidate));
  if (protocol === undefined) throw new Error(`${name} is spoken in none of the protocols that are known here`);
  return {
    signingName: metadata.signingName,
    apiVersion: metadata.apiVersion,
    protocol,
    jsonVersion: metadata.jsonVersion ?? "",
    xmlNamespace: metadata.xmlNamespace ?? "",
    targetPrefix: metadata.targetPrefix ?? "",
    operations: new Map(Object.entries(rows.get("operations") as Record<string, Operation>)),
    shape(shapeName) {
      const shape = rows.get(shapeName);
      if (shape === undefined) throw new Error(`${name} has no shape ${shapeName}`);
      return shape as Shape;
    },
  };
}
