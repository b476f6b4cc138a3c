import { type JsonObject, written } from "../document/json.ts";
import type { PreparedFault, UndoKind } from "../fault/fault.ts";
import { AwsControl } from "./aws-control.ts";

const KIND = "aws/fault";

/**
 * A rule of the lab's fault script: some calls of some actions go wrong. Its witness is a call that met it: a rule that nobody runs into has broken
 * nothing.
 */
export function prepareAwsFault(id: string, rule: JsonObject, control: AwsControl): PreparedFault {
  const fault = written(rule["fault"]);
  return {
    kind: KIND,
    label: `${fault} for ${written(rule["action"])} of AWS`,
    victims: ["aws"],
    undo: { kind: KIND, id },
    async apply() {
      await control.setRule({ ...rule, id });
      return { id };
    },
    witness: {
      label: "calls of AWS that met it",
      async isInjected() {
        const seen = await control.rule(id);
        return { seen: (seen?.met ?? 0) > 0, evidence: seen === undefined ? "no such rule" : `${seen.met} of ${seen.seen} calls met it` };
      },
      async isReverted() {
        const seen = await control.rule(id);
        return { seen: seen === undefined, evidence: seen === undefined ? "the rule is gone" : "the rule is still there" };
      },
    },
  };
}

export const awsFaultUndo: UndoKind = {
  kind: KIND,
  undo: ({ id }, { target }) => new AwsControl(target, KIND).removeRule(written(id)),
  byHand: ({ id }) => `DELETE /faults/${written(id)} of the lab's AWS (docs/reference/lab-aws.md), or end the lab`,
};
