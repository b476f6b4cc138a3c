import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { AppError, formatProblem, isRecord, messageOf } from "../kernel/index.ts";
import type { CertificateFiles, ClusterConfig, Credentials } from "./cluster-config.ts";

const SIZE_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Reads the current context of a kubeconfig file (page "Organizing Cluster Access Using kubeconfig Files"); `context` names another.
 * Users may have a token, a token file or a client certificate. Throws KUBE_CONFIG with one line that says what is wrong and where;
 * exec and auth-provider plugins are refused, because running a foreign program is not something an ingress should do.
 */
export async function loadKubeconfig(file: string, context?: string): Promise<ClusterConfig> {
  const bytes = await readConfigFile(file, `give a kubeconfig file that can be read`);
  if (bytes.length > SIZE_LIMIT_BYTES) throw problem(file, `has more than ${SIZE_LIMIT_BYTES} bytes; this is no kubeconfig`);
  const lines = new LineCounter();
  const document = parseDocument(bytes.toString("utf8"), { lineCounter: lines, uniqueKeys: true });
  const broken = document.errors[0];
  if (broken !== undefined) {
    const at = lines.linePos(broken.pos[0]);
    throw problem(file, `not valid YAML: ${broken.message.split("\n", 1)[0] ?? broken.code}`, at.line, at.col);
  }
  const root = asRecord(document.toJS({ maxAliasCount: 100 }), file, "the file");
  const contextName = context ?? text(root, "current-context");
  if (contextName === undefined) throw problem(file, "has no current-context; set one with: kubectl config use-context NAME");
  const chosen = entry(root, "contexts", contextName, "context", file);
  const clusterName = text(chosen, "cluster");
  if (clusterName === undefined) throw problem(file, `context "${contextName}" names no cluster`);
  const cluster = entry(root, "clusters", clusterName, "cluster", file);
  const server = serverOf(cluster, clusterName, file);
  const userName = text(chosen, "user");
  const user = userName === undefined ? undefined : entry(root, "users", userName, "user", file);
  const ca = await pem(cluster, "certificate-authority", file);
  const tlsServerName = text(cluster, "tls-server-name");
  return {
    server,
    ...(ca === undefined ? {} : { ca }),
    ...(tlsServerName === undefined ? {} : { tlsServerName }),
    ...(cluster["insecure-skip-tls-verify"] === true ? { insecureSkipTlsVerify: true } : {}),
    credentials: user === undefined ? { type: "none" } : await credentialsOf(user, userName ?? "", file),
    namespace: text(chosen, "namespace") ?? "default",
  };
}

async function credentialsOf(user: Record<string, unknown>, name: string, file: string): Promise<Credentials> {
  for (const plugin of ["exec", "auth-provider"]) {
    if (user[plugin] !== undefined && user[plugin] !== null) {
      throw problem(
        file,
        `user "${name}" needs the plugin "${plugin}", which is not supported; use a token, tokenFile or client-certificate`,
      );
    }
  }
  if (text(user, "username") !== undefined)
    throw problem(
      file,
      `user "${name}" has a username and password, which Kubernetes no longer accepts; use a token or client-certificate`,
    );
  const cert = await pem(user, "client-certificate", file);
  const key = await pem(user, "client-key", file);
  if ((cert === undefined) !== (key === undefined))
    throw problem(file, `user "${name}" has only one of client-certificate and client-key; give both`);
  if (cert !== undefined && key !== undefined) return { type: "certificate", cert, key, ...certificateFiles(user, file) };
  const tokenFile = text(user, "tokenFile");
  if (tokenFile !== undefined) return { type: "tokenFile", path: resolve(dirname(file), tokenFile) };
  const token = text(user, "token");
  return token === undefined ? { type: "none" } : { type: "token", token };
}

/** The files of a client certificate, unless a part of it stands in the kubeconfig itself. */
function certificateFiles(user: Record<string, unknown>, file: string): { readonly files?: CertificateFiles } {
  if (text(user, "client-certificate-data") !== undefined || text(user, "client-key-data") !== undefined) return {};
  const path = (name: string): string => resolve(dirname(file), text(user, name) ?? "");
  return { files: { certFile: path("client-certificate"), keyFile: path("client-key") } };
}

/** `NAME-data` (base64) or the file named by `NAME`, relative to the kubeconfig. */
async function pem(record: Record<string, unknown>, name: string, file: string): Promise<string | undefined> {
  const data = text(record, `${name}-data`);
  if (data !== undefined) {
    const decoded = Buffer.from(data, "base64").toString("latin1");
    if (!decoded.includes("-----BEGIN ")) throw problem(file, `${name}-data is not the base64 of a PEM text`);
    return decoded;
  }
  const path = text(record, name);
  if (path === undefined) return undefined;
  const resolved = resolve(dirname(file), path);
  const content = (await readConfigFile(resolved, `named as ${name} by ${file}`)).toString("latin1");
  if (!content.includes("-----BEGIN ")) throw problem(resolved, `is not PEM, but ${file} names it as ${name}`);
  return content;
}

function serverOf(cluster: Record<string, unknown>, name: string, file: string): string {
  const server = text(cluster, "server");
  const url = server === undefined ? null : URL.parse(server);
  if (server === undefined || url === null || !/^https?:$/.test(url.protocol)) {
    throw problem(file, `cluster "${name}" has no server like https://host:port`);
  }
  return server;
}

function entry(root: Record<string, unknown>, list: string, name: string, field: string, file: string): Record<string, unknown> {
  const entries = root[list];
  if (!Array.isArray(entries)) throw problem(file, `has no list "${list}"`);
  const found: unknown = entries.find((candidate: unknown) => isRecord(candidate) && candidate["name"] === name);
  if (found === undefined) throw problem(file, `has no ${field} named "${name}"`);
  return asRecord(isRecord(found) ? found[field] : undefined, file, `${field} "${name}"`);
}

async function readConfigFile(path: string, hint: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw problem(path, `cannot be read (${messageOf(thrown).split(",", 1)[0] ?? ""}); ${hint}`);
  }
}

function asRecord(value: unknown, file: string, what: string): Record<string, unknown> {
  if (!isRecord(value)) throw problem(file, `${what} is not a map of fields`);
  return value;
}

function text(record: Record<string, unknown>, field: string): string | undefined {
  const value = record[field];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function problem(file: string, message: string, line = 0, column = 0): AppError {
  return new AppError("KUBE_CONFIG", formatProblem({ file, line, column, message }));
}
