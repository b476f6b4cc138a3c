import { AwsError } from "./aws-error.ts";
import { type InputNode, inputTree, numbered } from "./input-tree.ts";
import { type Naming, readScalar } from "./scalars.ts";
import type { Member, ServiceModel, Shape } from "./service-model.ts";

/** A request or answer as the operations see it: fields by their names in the service model. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the parameters of a request of the Query protocol (Smithy: AWS query protocol, Amazon EC2 query protocol). Parameters that
 * the action does not have are passed over, as AWS does. Throws AwsError.
 */
export function readQueryInput(model: ServiceModel, shapeName: string, parameters: URLSearchParams): Fields {
  return new QueryReader(model).structure(model.shape(shapeName), inputTree(parameters), "");
}

class QueryReader {
  readonly #model: ServiceModel;
  constructor(model: ServiceModel) {
    this.#model = model;
  }

  structure(shape: Shape, node: InputNode, path: string): Fields {
    const fields: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(shape.members ?? {})) {
      const child = node.below.get(this.#nameOf(name, member));
      if (child !== undefined) fields[name] = this.#value(member, child, path === "" ? name : `${path}.${name}`);
    }
    return fields;
  }

  #value(member: Member, node: InputNode, path: Naming): unknown {
    const shape = this.#model.shape(member.shape);
    if (shape.type === "structure") return this.structure(shape, node, path);
    if (shape.type === "list") return this.#list(shape, member, node, path);
    if (shape.type === "map") return this.#map(shape, node, path);
    if (node.text === undefined) throw new AwsError("MalformedQueryString", `parameter ${path} has parts and takes none`);
    return readScalar(shape, node.text, path);
  }

  #list(shape: Shape, member: Member, node: InputNode, path: Naming): readonly unknown[] {
    const entry = shape.member;
    if (entry === undefined) return [];
    const isFlat = this.#model.protocol === "ec2" || shape.flattened === true || member.flattened === true;
    const entries = isFlat ? node : node.below.get(entry.locationName ?? "member");
    return entries === undefined ? [] : numbered(entries).map((child, at) => this.#value(entry, child, `${path}.${at + 1}`));
  }

  #map(shape: Shape, node: InputNode, path: Naming): Fields {
    const { key, value } = shape;
    if (key === undefined || value === undefined) return {};
    const entries = numbered(shape.flattened === true ? node : (node.below.get("entry") ?? node));
    return Object.fromEntries(
      entries.map((entry) => {
        const name = entry.below.get(key.locationName ?? "key")?.text ?? "";
        const held = entry.below.get(value.locationName ?? "value");
        return [name, held === undefined ? undefined : this.#value(value, held, `${path}.${name}`)];
      }),
    );
  }

  #nameOf(name: string, member: Member): string {
    if (this.#model.protocol !== "ec2") return member.locationName ?? name;
    if (member.queryName !== undefined) return member.queryName;
    const wire = member.locationName ?? name;
    return `${wire.slice(0, 1).toUpperCase()}${wire.slice(1)}`;
  }
}
