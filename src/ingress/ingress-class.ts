import type { KubeObject } from "../kube/index.ts";
import { Fields } from "./fields.ts";
import { type Meta, readMeta } from "./kube-objects.ts";
import type { ConvertOptions } from "./options.ts";

type Annotated = Pick<Meta, "annotations">;

/** What the IngressClass objects of a cluster say (page "Ingress", section "Ingress class"). */
export interface Classes {
  readonly controllers: ReadonlyMap<string, string>;
  /** Those marked as default. */
  readonly defaults: readonly { readonly name: string; readonly controller: string }[];
}

/** Reads the classes; one that cannot be read is as if it were not there, and `ignored` is told why. */
export function readClasses(objects: ReadonlyMap<string, KubeObject>, ignored: (name: string, thrown: unknown) => void): Classes {
  const controllers = new Map<string, string>();
  const defaults: { readonly name: string; readonly controller: string }[] = [];
  for (const [key, object] of objects) {
    try {
      const { name, annotations } = readMeta(object);
      const controller = new Fields(object, "").optionalObject("spec")?.optionalString("controller") ?? "";
      controllers.set(name, controller);
      if (annotations.get("ingressclass.kubernetes.io/is-default-class") === "true") defaults.push({ name, controller });
    } catch (thrown) {
      ignored(key, thrown);
    }
  }
  return { controllers, defaults };
}

/**
 * Whether an Ingress is ours: its class is one of ours by name or by the controller of its IngressClass. One without a class is ours
 * unless another controller's class is the default. The annotation counts before the field, as Kubernetes asks of controllers (API reference, IngressSpec,
 * `ingressClassName`); an empty one says nothing.
 */
export function isServedIngress(
  ingress: { readonly meta: Annotated; readonly className: string | undefined },
  classes: Classes,
  options: Pick<ConvertOptions, "classes" | "controllers">,
): boolean {
  const isOurs = (name: string, controller: string | undefined): boolean =>
    options.classes.includes(name) || (controller !== undefined && options.controllers.includes(controller));
  const annotated = ingress.meta.annotations.get("kubernetes.io/ingress.class") ?? "";
  const named = annotated === "" ? (ingress.className ?? "") : annotated;
  if (named !== "") return isOurs(named, classes.controllers.get(named));
  return classes.defaults.length === 0 || classes.defaults.some(({ name, controller }) => isOurs(name, controller));
}

/** Whether a RouteGroup is ours: by the annotation `zalando.org/routegroup.class`, or without it. */
export function isServedRouteGroup(group: { readonly meta: Annotated }, options: Pick<ConvertOptions, "classes">): boolean {
  const named = group.meta.annotations.get("zalando.org/routegroup.class") ?? "";
  return named === "" || options.classes.includes(named);
}
