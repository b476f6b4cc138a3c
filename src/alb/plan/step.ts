import type { HealthCheck, Target } from "../../aws/index.ts";
import type { Profile } from "../model/claim.ts";

/** An action of a listener, before target groups have their ARNs. */
export type WantedAction =
  | { readonly type: "forward"; readonly group: string }
  | { readonly type: "redirect"; readonly status: "HTTP_301" | "HTTP_302" };

/** A listener that should be. `group` names are those of {@link Step} `create-target-group`. */
export interface WantedListener {
  readonly port: number;
  readonly protocol: string;
  readonly sslPolicy: string | undefined;
  readonly certificate: string | undefined;
  readonly action: WantedAction;
}

/**
 * One call of AWS, or several that belong together. Resources are named by what they are to us (tag `holdfast.dev/resource`), because
 * their ARNs may not be known when the plan is made. `add` makes more serve, `change` changes how, `remove` makes less serve.
 */
export type Step =
  | {
      readonly effect: "add";
      readonly type: "create-target-group";
      readonly name: string;
      readonly port: number;
      readonly healthCheck: HealthCheck;
    }
  | { readonly effect: "add"; readonly type: "create-load-balancer"; readonly name: string; readonly profile: Profile }
  | { readonly effect: "add"; readonly type: "create-listener"; readonly name: string; readonly listener: WantedListener }
  | {
      readonly effect: "add";
      readonly type: "add-certificates";
      readonly name: string;
      readonly port: number;
      readonly arns: readonly string[];
    }
  | { readonly effect: "add"; readonly type: "register-targets"; readonly name: string; readonly targets: readonly Target[] }
  | { readonly effect: "change"; readonly type: "modify-listener"; readonly name: string; readonly listener: WantedListener }
  | { readonly effect: "change"; readonly type: "modify-target-group"; readonly name: string; readonly healthCheck: HealthCheck }
  | {
      readonly effect: "change";
      readonly type: "set-load-balancer-attributes";
      readonly name: string;
      readonly attributes: ReadonlyMap<string, string>;
    }
  | {
      readonly effect: "change";
      readonly type: "set-target-group-attributes";
      readonly name: string;
      readonly attributes: ReadonlyMap<string, string>;
    }
  | {
      readonly effect: "change";
      readonly type: "tag";
      readonly name: string;
      readonly arn: string;
      readonly tags: ReadonlyMap<string, string>;
    }
  | {
      readonly effect: "remove";
      readonly type: "remove-certificates";
      readonly name: string;
      readonly port: number;
      readonly arns: readonly string[];
    }
  | { readonly effect: "remove"; readonly type: "deregister-targets"; readonly name: string; readonly targets: readonly Target[] }
  | { readonly effect: "remove"; readonly type: "delete-listener"; readonly name: string; readonly port: number }
  | { readonly effect: "remove"; readonly type: "delete-load-balancer"; readonly name: string }
  | { readonly effect: "remove"; readonly type: "delete-target-group"; readonly name: string };

/** What is removed by a step, one key for each thing: what the hold asks proof for. */
export function removedKeys(step: Extract<Step, { effect: "remove" }>): readonly string[] {
  switch (step.type) {
    case "remove-certificates":
      return step.arns.map((arn) => `${step.name} port ${step.port} certificate ${arn}`);
    case "deregister-targets":
      return step.targets.map(({ id, port }) => `${step.name} target ${id}:${port}`);
    case "delete-listener":
      return [`${step.name} listener ${step.port}`];
    case "delete-load-balancer":
      return [`${step.name} load balancer`];
    case "delete-target-group":
      return [`${step.name} target group`];
  }
}
