import { AppError, messageOf } from "../../kernel/index.ts";
import type { Faults, Lab, PolicyName } from "../../lab/index.ts";
import { type ActionView, type ConsoleActions, HELD_APPROVE, HELD_REJECT } from "../contract.ts";
import { decide } from "./decide.ts";

interface Deed {
  readonly view: Omit<ActionView, "enabled" | "whyNot" | "targets">;
  /** Those that there are now: nodes come and go. */
  targets(): readonly Target[];
  /** Why it can't be done now; null when it can. */
  whyNot(): string | null;
  run(target: string | null): Promise<string>;
}

type Target = ActionView["targets"][number];

/** What a visitor can do by hand: the scenario's deeds, and their undoing. */
export function labActions(lab: Lab, faults: Faults, isPlaying: () => boolean): ConsoleActions {
  const nodes = (): readonly Target[] => lab.nodes.map((node): Target => ({ value: node, label: node }));
  const routers = (): readonly Target[] =>
    lab.plan.fleets.flatMap((fleet) =>
      lab.nodes.map((node): Target => ({
        value: `${fleet.policy}/${node}`,
        label: `${fleet.policy === "hold" ? "Holdfast" : "as in 2017"}, ${node}`,
      })),
    );
  const zones = (): readonly Target[] => faults.machines.zones.map((zone): Target => ({ value: zone, label: zone }));
  const playing = (): string | null => (isPlaying() ? "the scenario is playing; wait for its end" : null);
  const open =
    (id: string, what: string): (() => string | null) =>
    () =>
      playing() ?? (faults.ledger.isOpen(id) ? what : null);
  const closed =
    (id: string, what: string): (() => string | null) =>
    () =>
      playing() ?? (faults.ledger.isOpen(id) ? null : what);
  const deed = (
    { targets = () => [], ...view }: Omit<Deed["view"], "putBack"> & Partial<Pick<Deed["view"], "putBack"> & Pick<Deed, "targets">>,
    whyNot: Deed["whyNot"],
    run: Deed["run"],
  ): Deed => ({
    view: { putBack: null, ...view },
    targets,
    whyNot,
    run,
  });
  const deeds: readonly Deed[] = [
    deed(
      {
        name: "flood",
        label: "Flood with pods",
        description: "A CronJob starts thousands of pods a minute that fit on no node, until the API server dies of them.",
        kind: "break",
        putBack: "remove-flood",
      },
      open("flood", "the flood is on"),
      async () => {
        await faults.flood.start();
        return "Applied CronJob batch/reindex.";
      },
    ),
    deed(
      {
        name: "kill-api-server",
        label: "Kill the API server",
        description: "kill -9, and it stays down: no list, no watch, no write.",
        kind: "break",
        putBack: "start-api-server",
      },
      open("api-server", "it is down"),
      () => faults.kills.stopApiServer(),
    ),
    deed(
      {
        name: "kill-router",
        label: "Kill a router",
        description: "kill -9 of a whole router; its kubelet starts it again, with or without an API server.",
        kind: "break",
        targets: routers,
      },
      playing,
      (target) => {
        const [policy = "", node = ""] = (target ?? "").split("/");
        return faults.kills.killRouter(node, policy as PolicyName);
      },
    ),
    deed(
      {
        name: "kill-node",
        label: "Kill a node",
        description: "Cuts its power: kubelet, routers and pods are gone at once.",
        kind: "break",
        targets: nodes,
        putBack: "start-node",
      },
      playing,
      (target) => faults.kills.killNode(target ?? ""),
    ),
    deed(
      {
        name: "terminate-instance",
        label: "Terminate an instance",
        description: "Its node is gone for good; its Auto Scaling group launches another.",
        kind: "break",
        targets: nodes,
      },
      playing,
      (target) => faults.machines.terminate(target ?? ""),
    ),
    deed(
      {
        name: "spot-notice",
        label: "Give spot notice",
        description: "AWS takes the instance away in two minutes.",
        kind: "break",
        targets: nodes,
      },
      playing,
      (target) => faults.machines.giveSpotNotice(target ?? ""),
    ),
    deed(
      {
        name: "lose-zone",
        label: "Lose a zone",
        description: "All its machines are off at once, its load balancer nodes too, and nothing starts there.",
        kind: "break",
        targets: zones,
        putBack: "restore-zone",
      },
      playing,
      (target) => faults.machines.loseZone(target ?? ""),
    ),
    deed(
      {
        name: "change-route",
        label: "Change a route",
        description: "Makes Ingress shop/sale: sale.lab goes to cart.",
        kind: "change",
        putBack: "remove-route",
      },
      open("sale", "the route is there"),
      () => faults.routes.addSale(),
    ),
    deed(
      {
        name: "remove-flood",
        label: "Remove the flood",
        description: "Gives the API server a bigger machine and deletes the CronJob, its Jobs and their pods.",
        kind: "put-back",
      },
      closed("flood", "there is no flood"),
      async () => {
        void faults.flood.remove(AbortSignal.timeout(60_000)).catch((thrown: unknown) => {
          lab.timeline.add({ event: `the flood was not removed: ${messageOf(thrown)}`, cause: null, tone: "alarm", policy: null });
        });
        return "Moving the API server to a bigger machine, then deleting the flood.";
      },
    ),
    deed(
      { name: "start-api-server", label: "Start the API server", description: "It comes back with all it stored.", kind: "put-back" },
      closed("api-server", "it was not killed by hand"),
      () => faults.kills.startApiServer(),
    ),
    deed(
      {
        name: "start-node",
        label: "Start the node",
        description: "Power is back; its kubelet starts what belongs there.",
        kind: "put-back",
        targets: nodes,
      },
      playing,
      (target) => faults.kills.startNode(target ?? ""),
    ),
    deed(
      {
        name: "restore-zone",
        label: "Bring the zone back",
        description: "Its machines are on again, and instances are launched there.",
        kind: "put-back",
        targets: zones,
      },
      playing,
      (target) => faults.machines.restoreZone(target ?? ""),
    ),
    deed(
      {
        name: "remove-route",
        label: "Delete the route",
        description: "Deletes Ingress shop/sale: a removal really made.",
        kind: "put-back",
      },
      closed("sale", "the route is not there"),
      () => faults.routes.removeSale(),
    ),
    deed(
      { name: HELD_APPROVE, label: "Approve the removal", description: "Lets it through on every router that holds it.", kind: "held" },
      () => null,
      (target) => decide(lab, target ?? "", "approve"),
    ),
    deed(
      { name: HELD_REJECT, label: "Reject the removal", description: "Keeps what it would remove.", kind: "held" },
      () => null,
      (target) => decide(lab, target ?? "", "reject"),
    ),
  ];
  return {
    list: () =>
      deeds.map(({ view, targets, whyNot }) => {
        const why = whyNot();
        return { ...view, targets: targets(), enabled: why === null, whyNot: why };
      }),
    run: (name, target) => {
      const found = deeds.find(({ view }) => view.name === name);
      if (found === undefined) throw new AppError("CONSOLE_NO_ACTION", `there is no action ${name}`);
      return found.run(target);
    },
  };
}
