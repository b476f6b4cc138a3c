import { requiredText } from "../wire/inputs.ts";
import type { Read, Write } from "../world/actions.ts";
import { withRecord } from "../world/world.ts";
import { changedAttributes, listenerAttributes, shownAttributes } from "./attributes.ts";
import { listener } from "./found.ts";

export const describeListenerAttributes: Read = (world, { input }) => {
  const record = listener(world, requiredText(input, "ListenerArn"));
  return { Attributes: shownAttributes(listenerAttributes(record.protocol), record.attributes) };
};

export const modifyListenerAttributes: Write = (world, { input }) => {
  const record = listener(world, requiredText(input, "ListenerArn"));
  const specs = listenerAttributes(record.protocol);
  const attributes = changedAttributes(specs, record.attributes, input);
  return {
    world: withRecord(world, "listeners", record.arn, { ...record, attributes }),
    output: { Attributes: shownAttributes(specs, attributes) },
  };
};
