import { AppError } from "../../kernel/index.ts";
import { type KubeClient, kinds } from "../../kube/index.ts";
import { readStatusHosts } from "../objects/status-hosts.ts";

/** Asks for objects by their names: what a list lacks may be there all the same. */
export interface OwnerReader {
  /** Hosts in the status of an object (`Ingress namespace/name`); undefined when the API server says that it is not there. Rejects when it cannot be told. */
  statusHosts(owner: string): Promise<readonly string[] | undefined>;
}

export function createOwnerReader(kube: KubeClient): OwnerReader {
  return {
    async statusHosts(owner) {
      const [, kind, namespace, name] = /^(Ingress|RouteGroup) ([^/]+)\/(.+)$/.exec(owner) ?? [];
      if (namespace === undefined || name === undefined) throw new AppError("ALB_OWNER", `${owner} is no object that could be asked for`);
      const resource = kind === "Ingress" ? kinds.ingresses : kinds.routeGroups;
      try {
        return readStatusHosts(await kube.get(resource, { namespace, name }));
      } catch (error) {
        // Said by the API server of this object; a 404 of a path proves nothing.
        if (error instanceof AppError && error.code === "KUBE_NOT_FOUND") return undefined;
        throw error;
      }
    },
  };
}
