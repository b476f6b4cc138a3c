import { connectAws } from "../aws/index.ts";
import { AppError, sleep } from "../kernel/index.ts";
import { createKubeClient } from "../kube/index.ts";
import { createClaimsFeed } from "./loop/claims-feed.ts";
import { think } from "./loop/reconcile.ts";
import { planOf } from "./loop/thought.ts";
import { createClaimsSource } from "./objects/claims-source.ts";
import type { AlbOptions } from "./options.ts";
import { type PlanView, planText } from "./plan/print.ts";
import { type AlbDeps, awsPlace, createObserverFor, podsOf } from "./start.ts";

/** What would be done now. */
export interface DryRun {
  readonly text: string;
  readonly plan: PlanView;
  readonly problems: readonly { readonly object: string; readonly reason: string; readonly message: string }[];
}

/** What is not there after so long is told, in place of the plan. */
const PATIENCE_MS = 60_000;
const ASK_AGAIN_MS = 100;

/** Reads the cluster and the account once, writes nothing and takes no lease. Rejects with AppError `ALB_UNKNOWN` when too little can be read. */
export async function dryRun(options: AlbOptions, deps: AlbDeps): Promise<DryRun> {
  const { clock } = deps;
  const { settings, objects, cluster } = options;
  const { clusterId, controllerId } = settings;
  const refuse = (): never => {
    throw new AppError("ALB_DRY_RUN", "a dry run writes nothing");
  };
  const client = createKubeClient({ cluster, userAgent: "holdfast-alb", guard: refuse }, deps);
  const aws = connectAws(awsPlace(options), deps);
  const source = createClaimsSource({ claims: { ...objects, settings } }, { ...deps, client, onChange: () => {} });
  const pods = podsOf(options, { ...deps, client, onChange: () => {} });
  const claims = createClaimsFeed(source, pods);
  const observer = createObserverFor(options, aws, deps);
  source.start();
  pods?.start();
  try {
    const untilMs = clock.monoMs() + PATIENCE_MS;
    for (;;) {
      const thought = await think(
        {
          claims,
          observer,
          settings,
          ownership: { clusterId, controllerId },
          clock,
          ...(pods === undefined ? {} : { addresses: () => pods.targets() }),
        },
        { layout: undefined, owners: new Map() },
      );
      if (!("unknown" in thought) && thought.claims.state === "fresh" && pods?.targets().state !== "unknown") {
        const plan = planOf(thought, []);
        const problems = [...claims.problems(), ...thought.layout.problems, ...thought.resolution.problems];
        return {
          plan,
          problems: problems.map(({ owner, reason, message }) => ({ object: owner, reason, message })),
          text: [planText(plan), ...problems.map(({ owner, reason, message }) => `${owner}: ${reason}: ${message}\n`)].join(""),
        };
      }
      if (clock.monoMs() >= untilMs)
        throw new AppError(
          "ALB_UNKNOWN",
          `there is no plan: ${"unknown" in thought ? thought.unknown : "the objects could not be followed"}`,
        );
      await sleep(clock, ASK_AGAIN_MS);
    }
  } finally {
    await Promise.all([source.stop(), pods?.stop()]);
    aws.close();
    await client.close();
  }
}
