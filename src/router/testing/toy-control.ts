import { readFileSync } from "node:fs";

import { nextMessage, parentChannel } from "../channel.ts";
import { encodeGeneration } from "../encode-generation.ts";
import type { ControlConfig, ControlStatus, FromControl, ToControl } from "../messages.ts";

/**
 * A control process that makes generations of what a test writes into its file (`--routes`): one line each, route ids separated by
 * blanks. A line `fatal TEXT` makes it give up. It looks every few milliseconds.
 */
const channel = parentChannel<ToControl, FromControl>();
const config = (await nextMessage<ControlConfig>()) ?? process.exit(0);
const file = config.routes.type === "file" ? config.routes.file : "";
let done = 0;
let number = config.lastNumber;

const status: ControlStatus = {
  knowledge: "live",
  sources: { file: { state: "watching", ageMs: 0, objects: 1 } },
  held: [
    {
      id: "h-1",
      kind: "Ingress",
      keys: ["shop/web", "shop/api"],
      sinceMs: 0,
      reason: "missing",
      evidence: [{ atMs: 0, said: "said" }],
      releasedBy: "proof",
    },
  ],
  problems: [],
  snapshot: { writes: 0, errors: 0 },
};

function look(): void {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  for (const line of lines.slice(done)) {
    done++;
    if (line.startsWith("fatal ")) {
      channel.send({ type: "fatal", code: "TOY", message: line.slice("fatal ".length) });
      continue;
    }
    number++;
    const routes = line.split(" ").map((id) => ({ id, predicates: [], filters: [], backend: { type: "shunt" } as const }));
    channel.send({
      type: "generation",
      ...encodeGeneration({ routes, pools: [] }, { number, createdAtMs: 0, source: config.source, revisions: {} }),
    });
  }
  setTimeout(look, 5);
}

channel.onParentGone(() => process.exit(0));
channel.onMessage((message) => {
  if (message.type === "decide")
    channel.send({ type: "decided", id: message.id, ...(message.decision.id === "h-1" ? {} : { problem: "nothing is held under it" }) });
  if (message.type === "stats") channel.send({ type: "stats", id: message.id, metrics: [] });
});
channel.send({ type: "status", status });
look();
