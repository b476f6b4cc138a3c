import { Command } from "commander";
import { addKillerFlags } from "./chaos-flags.ts";
import { type ChaosClusterFlags, addClusterFlags, addPlaceFlags, addScopeFlag } from "./chaos-place.ts";
import { type PlanFlags, type ScheduleFlags, showPlan, showSchedule } from "./chaos-plan.ts";
import { runKiller, setLever } from "./chaos-run.ts";
import { type KillerRunFlags, addRunFlags } from "./chaos-run-flags.ts";
import { withKubeMonkey } from "./kube-monkey-variables.ts";

/** `holdfast chaos` (docs/reference/chaos.md). */
export function chaosCommand(): Command {
  const command = new Command("chaos").description(
    "Kill pods again and again, of those who agreed to it: what nobody notices is what works.",
  );
  const add = (name: string, description: string): Command => addClusterFlags(command.command(name).description(description));
  addRunFlags(addKillerFlags(addPlaceFlags(addScopeFlag(add("run", "kill, as long as it runs; dry unless told otherwise"))))).action(
    async (flags: KillerRunFlags, self: Command) => {
      process.exitCode = await runKiller(withKubeMonkey(flags, self, process.env));
    },
  );
  addKillerFlags(addScopeFlag(add("plan", "who would be killed now, and why everybody else would not; touches nothing")))
    .option("--seed <NUMBER>", "draw as the plan with this seed did")
    .option("--json <FILE>", "machine output to a file (- for standard output)")
    .action(async (flags: PlanFlags, self: Command) => {
      process.exitCode = await showPlan(withKubeMonkey(flags, self, process.env));
    });
  addKillerFlags(addPlaceFlags(addScopeFlag(add("schedule", "whose turn it is when, with --pace mtbf; touches nothing"))))
    .option("--days <COUNT>", "today and the days after it", "5")
    .option("--json <FILE>", "machine output to a file (- for standard output)")
    .action(async (flags: ScheduleFlags, self: Command) => {
      process.exitCode = await showSchedule(withKubeMonkey(flags, self, process.env));
    });
  addPlaceFlags(add("halt", "stop all killers of a name until they are told to go on"))
    .requiredOption("--reason <TEXT>", "said wherever the killers say that they are halted")
    .action(async (flags: ChaosClusterFlags & { readonly reason: string }) => {
      process.exitCode = await setLever(flags, flags.reason);
    });
  addPlaceFlags(add("resume", "let the killers of a name go on")).action(async (flags: ChaosClusterFlags) => {
    process.exitCode = await setLever(flags, undefined);
  });
  return command;
}
