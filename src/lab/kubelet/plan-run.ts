import { join } from "node:path";
import type { Container, Pod } from "../objects/index.ts";
import { resolveCommand } from "./command.ts";
import type { ConfigObjects } from "./config-objects.ts";
import type { KubeletSettings } from "./config.ts";
import type { RunPlan } from "./container-runner.ts";
import { buildEnvironment } from "./environment.ts";
import { prepareVolumes } from "./volumes.ts";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The pod that a container is run for, and where on this node. */
export interface RunPlace {
  readonly pod: Pod;
  /** The pod's folder. */
  readonly dir: string;
  readonly podIP: string;
}

/**
 * What to execute for a container, and how to reach it: its volumes are made ready, its environment is put together.
 * @throws AppError KUBELET_* when something that the container needs is not there
 */
export function planRun(
  place: RunPlace,
  container: Container,
  deps: { readonly settings: KubeletSettings; readonly configObjects: ConfigObjects },
): RunPlan {
  const { pod, dir, podIP } = place;
  const { settings, configObjects } = deps;
  const namespace = pod.metadata.namespace ?? "";
  const sources = {
    configMap: (name: string) => configObjects.configMap(namespace, name),
    secret: (name: string) => configObjects.secret(namespace, name),
  };
  const volumes = prepareVolumes(pod, join(dir, "volumes"), sources);
  const { nodeName, zone, address } = settings;
  const own = buildEnvironment(pod, container, { ...sources, nodeName, zone, hostIP: address, podIP, volumes });
  const env = { PATH, HOME: dir, HOSTNAME: pod.metadata.name, ...settings.containerEnv, ...own };
  return {
    argv: resolveCommand(settings, container, env),
    target: { host: podIP, container, env, workingDir: container.workingDir ?? dir },
  };
}

/** For a container that is found running when what it was made from is gone: it can be probed and ended, not made again. */
export function planWithoutSources(place: RunPlace, container: Container): RunPlan {
  return { argv: [], target: { host: place.podIP, container, env: { PATH }, workingDir: place.dir } };
}
