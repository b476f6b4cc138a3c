import { AppError } from "../../kernel/index.ts";
import type { Container } from "../objects/index.ts";
import type { KubeletSettings } from "./config.ts";
import { expand } from "./environment.ts";

/**
 * Program and arguments of a container: what its image stands for in the table, then `args`; for a host image `command`
 * and `args` alone. `$(NAME)` is expanded.
 * @throws AppError KUBELET_NO_IMAGE for an image that is not in the table (an honest ErrImagePull), KUBELET_CONTAINER_CONFIG
 * for a `command` on an image that does not take one, or no command at all.
 */
export function resolveCommand(
  settings: Pick<KubeletSettings, "images" | "hostImages">,
  container: Container,
  env: Readonly<Record<string, string>>,
): readonly string[] {
  const variables = new Map(Object.entries(env));
  const words = (list: readonly string[] | undefined): readonly string[] => (list ?? []).map((word) => expand(word, variables));
  if (settings.hostImages.includes(container.image)) {
    const argv = [...words(container.command), ...words(container.args)];
    if (argv.length === 0)
      throw new AppError("KUBELET_CONTAINER_CONFIG", `container ${container.name}: image ${container.image} needs a command`);
    return argv;
  }
  const prefix = Object.hasOwn(settings.images, container.image) ? settings.images[container.image] : undefined;
  if (prefix === undefined) {
    const known = [...Object.keys(settings.images), ...settings.hostImages].join(", ");
    throw new AppError("KUBELET_NO_IMAGE", `image "${container.image}" is not in this node's table (${known})`);
  }
  if (container.command !== undefined && container.command.length > 0) {
    const how = `use args, or one of ${settings.hostImages.join(", ")}`;
    throw new AppError("KUBELET_CONTAINER_CONFIG", `container ${container.name}: image ${container.image} takes no command; ${how}`);
  }
  return [...prefix, ...words(container.args)];
}
