import { AwsError } from "./aws-error.ts";

/** Parameters of the Query protocol by the parts of their names: `Subnets.member.1=a` is Subnets, member, 1. */
export interface InputNode {
  text: string | undefined;
  readonly below: Map<string, InputNode>;
}

/** More parts than any name has: what nests deeper is no request. */
const DEEPEST = 32;

export function inputTree(parameters: URLSearchParams): InputNode {
  const root: InputNode = { text: undefined, below: new Map() };
  for (const [name, text] of parameters) {
    const parts = name.split(".");
    if (parts.length > DEEPEST) throw new AwsError("MalformedQueryString", `parameter ${name.slice(0, 100)} nests too deep`);
    let node = root;
    for (const part of parts) {
      let next = node.below.get(part);
      if (next === undefined) {
        next = { text: undefined, below: new Map() };
        node.below.set(part, next);
      }
      node = next;
    }
    node.text = text;
  }
  return root;
}

/** What is numbered below a node, in order; the numbers need not be without gaps. */
export function numbered(node: InputNode): readonly InputNode[] {
  return [...node.below]
    .filter(([name]) => /^\d+$/.test(name))
    .toSorted(([one], [other]) => Number(one) - Number(other))
    .map(([, child]) => child);
}
