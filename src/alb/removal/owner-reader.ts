import { AppError } from "../../kernel/index.ts";
import { type KubeClient, kinds } from "../../kube/index.ts";
import { readHosts } from "../objects/hosts.ts";
import { readStatusHosts } from "../objects/status-hosts.ts";

/** An object as the API server has it. */
export interface OwnerNow {
  readonly hosts: readonly string[];
  /** Host names in its status, lower case. */
  readonly statusHosts: readonly string[];
}

/** Asks for objects by their names: what a list lacks may be there all the same. */
export interface OwnerReader {
  /** By its key (`Ingress namespace/name`); undefined when the API server says that it is not there. Rejects when it cannot be told. */
  find(owner: string): Promise<OwnerNow | undefined>;
}

export function createOwnerReader(kube: KubeClient): OwnerReader {
  return {
    async find(owner) {
      const [, kind, namespace, name] = /^(Ingress|RouteGroup) ([^/]+)\/(.+)$/.exec(owner) ?? [];
      if (namespace === undefined || name === undefined) throw new AppError("ALB_OWNER", `${owner} is no object that could be asked for`);
      const resource = kind === "Ingress" ? kinds.ingresses : kinds.routeGroups;
      try {
        const object = await kube.get(resource, { namespace, name });
        return { hosts: readHosts(object), statusHosts: readStatusHosts(object) };
      } catch (error) {
        // Said by the API server of this object; a 404 of a path proves nothing.
        if (error instanceof AppError && error.code === "KUBE_NOT_FOUND") return undefined;
        throw error;
      }
    },
  };
}
