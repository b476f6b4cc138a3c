import { AppError, isRecord } from "../kernel/index.ts";
import { createCaller } from "../call/index.ts";
import { createCertificateSource } from "./certificate-source.ts";
import {
  type CallOptions,
  type DeleteOptions,
  KUBE_CLIENT_DEFAULTS,
  type KubeClient,
  type KubeClientDeps,
  type KubeClientOptions,
  type ListOptions,
  type ObjectRef,
  type Patch,
  type PathRequest,
  type WatchOptions,
  type WriteOptions,
} from "./client-api.ts";
import { type KubeList, decodeList, decodeObject, parseJson } from "./decode.ts";
import { classifyKubeError } from "./errors.ts";
import { createExchange } from "./exchange.ts";
import { listAllPages } from "./list-pages.ts";
import { objectPath, queryText, selectors } from "./request-path.ts";
import { type KubeObject, type Resource, collectionPath } from "./resource.ts";
import { createTokenSource } from "./token-source.ts";
import { createTransport } from "./transport.ts";
import { type WatchStream, readWatch } from "./watch-stream.ts";

const PATCH_TYPES: Readonly<Record<Patch["type"], string>> = {
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
  apply: "application/apply-patch+yaml",
};

export function createKubeClient(options: KubeClientOptions, deps: KubeClientDeps): KubeClient {
  const settings = { ...KUBE_CLIENT_DEFAULTS, ...options };
  const { cluster } = options;
  const { clock } = deps;
  const certificates = createCertificateSource(cluster.credentials, clock, deps.log);
  const transport = createTransport(
    {
      server: cluster.server,
      connectTimeoutMs: settings.connectTimeoutMs,
      ...(cluster.ca === undefined ? {} : { ca: cluster.ca }),
      ...(cluster.tlsServerName === undefined ? {} : { tlsServerName: cluster.tlsServerName }),
      ...(cluster.insecureSkipTlsVerify === undefined ? {} : { insecureSkipTlsVerify: cluster.insecureSkipTlsVerify }),
      certificates,
      ...(options.guard === undefined ? {} : { guard: options.guard }),
    },
    clock,
  );
  const exchange = createExchange(settings, { transport, certificates, tokens: createTokenSource(cluster.credentials, clock) });
  const caller = createCaller({ ...options.caller, name: "kubernetes", classify: classifyKubeError }, deps);

  interface Call {
    readonly name: string;
    /** Kinds have a circuit breaker each: one that fails (a broken CRD, an aggregated API) must not stop another. */
    readonly circuit?: string;
    readonly method: string;
    readonly path: string;
    readonly query?: Readonly<Record<string, string | undefined>>;
    readonly body?: unknown;
    readonly contentType?: string;
    readonly accept?: string;
    readonly idempotent: boolean;
    readonly options: CallOptions | undefined;
    /** Its result is then called a `T`: the kind is checked, what is below `metadata` is the claim of whoever calls. */
    readonly read: (bytes: Buffer, where: string) => unknown;
  }
  function call<T>(request: Call): Promise<T> {
    const { name, method, path, options: callOptions } = request;
    return caller.call(
      {
        name,
        timeoutMs: callOptions?.timeoutMs ?? settings.timeoutMs,
        idempotent: request.idempotent,
        circuit: request.circuit ?? "",
        ...(callOptions?.priority === undefined ? {} : { priority: callOptions.priority }),
        ...(callOptions?.signal === undefined ? {} : { signal: callOptions.signal }),
      },
      async ({ signal }) => {
        const bytes = await exchange.send({
          method,
          path: path + queryText(request.query),
          signal,
          ...(request.body === undefined
            ? {}
            : { body: JSON.stringify(request.body), contentType: request.contentType ?? "application/json" }),
          ...(request.accept === undefined ? {} : { accept: request.accept }),
        });
        return request.read(bytes, `${method} ${path}`) as T;
      },
    );
  }

  function readObject(resource: Resource, subresource?: string): (bytes: Buffer, where: string) => unknown {
    // `scale` and its like answer with kinds of their own.
    if (subresource !== undefined && subresource !== "status") return (bytes, where) => parseJson(bytes, where);
    return (bytes, where) => decodeObject(parseJson(bytes, where), resource, where);
  }

  function listPage<T extends KubeObject>(
    resource: Resource,
    page: ListOptions & { readonly continueToken?: string } = {},
  ): Promise<KubeList<T>> {
    const continued = page.continueToken !== undefined && page.continueToken !== "";
    return call({
      name: `list ${resource.plural}`,
      circuit: resource.plural,
      method: "GET",
      path: collectionPath(resource, page.namespace),
      query: {
        ...selectors(page),
        limit: String(page.limit ?? 500),
        continue: continued ? page.continueToken : undefined,
        resourceVersion: continued ? undefined : page.resourceVersion,
      },
      idempotent: true,
      options: page,
      read: (bytes, where) => decodeList(parseJson(bytes, where), resource, where),
    });
  }

  function write<T>(
    verb: string,
    method: string,
    resource: Resource,
    path: string,
    body: unknown,
    writeOptions: WriteOptions | undefined,
    more: { readonly contentType?: string; readonly force?: boolean; readonly idempotent?: boolean } = {},
  ): Promise<T> {
    const subresource = writeOptions?.subresource;
    return call<T>({
      name: `${verb} ${resource.plural}${subresource === undefined ? "" : `/${subresource}`}`,
      circuit: resource.plural,
      method,
      path: subresource === undefined ? path : `${path}/${encodeURIComponent(subresource)}`,
      query: {
        fieldManager: writeOptions?.fieldManager,
        fieldValidation: writeOptions?.fieldValidation,
        dryRun: writeOptions?.dryRun === true ? "All" : undefined,
        force: more.force === true ? "true" : undefined,
      },
      body,
      ...(more.contentType === undefined ? {} : { contentType: more.contentType }),
      idempotent: more.idempotent ?? false,
      options: writeOptions,
      read: readObject(resource, subresource),
    });
  }

  function patch<T>(resource: Resource, ref: ObjectRef, change: Patch, writeOptions?: WriteOptions): Promise<T> {
    // A JSON patch may append to arrays; the other kinds say what shall be and can be said twice.
    const more = {
      contentType: PATCH_TYPES[change.type],
      idempotent: change.type !== "json",
      ...(change.force === undefined ? {} : { force: change.force }),
    };
    return write<T>("patch", "PATCH", resource, objectPath(resource, ref), change.body, writeOptions, more);
  }

  return {
    get: <T>(resource: Resource, ref: ObjectRef, getOptions?: CallOptions & { readonly subresource?: string }) =>
      call<T>({
        name: `get ${resource.plural}`,
        circuit: resource.plural,
        method: "GET",
        path: objectPath(resource, ref) + (getOptions?.subresource === undefined ? "" : `/${encodeURIComponent(getOptions.subresource)}`),
        idempotent: true,
        options: getOptions,
        read: readObject(resource, getOptions?.subresource),
      }),
    list: (resource, listOptions) => listAllPages(listPage, resource, listOptions),
    listPage,
    create: <T>(resource: Resource, object: KubeObject, writeOptions?: WriteOptions) =>
      write<T>("create", "POST", resource, collectionPath(resource, object.metadata.namespace), object, writeOptions),
    replace: <T>(resource: Resource, object: KubeObject, writeOptions?: WriteOptions) =>
      write<T>("replace", "PUT", resource, objectPath(resource, object.metadata), object, writeOptions),
    patch,
    patchStatus: <T>(resource: Resource, ref: ObjectRef, change: Patch, writeOptions?: WriteOptions) =>
      patch<T>(resource, ref, change, { ...writeOptions, subresource: "status" }),
    createSubresource: (resource, ref, subresource, body, callOptions) =>
      write<unknown>("create", "POST", resource, objectPath(resource, ref), body, { ...callOptions, subresource }),
    delete: (resource, ref, deleteOptions) =>
      call({
        name: `delete ${resource.plural}`,
        circuit: resource.plural,
        method: "DELETE",
        path: objectPath(resource, ref),
        body: deleteBody(deleteOptions),
        idempotent: true,
        options: deleteOptions,
        read: readAny,
      }),
    deleteCollection: (resource, select) =>
      call({
        name: `deletecollection ${resource.plural}`,
        circuit: resource.plural,
        method: "DELETE",
        path: collectionPath(resource, select.namespace),
        query: selectors(select),
        body: deleteBody(select),
        idempotent: true,
        options: select,
        read: readAny,
      }),
    watch: <T extends KubeObject>(resource: Resource, watchOptions: WatchOptions) => {
      const path = collectionPath(resource, watchOptions.namespace);
      const query = {
        ...selectors(watchOptions),
        watch: "true",
        allowWatchBookmarks: "true",
        resourceVersion: watchOptions.resourceVersion,
        timeoutSeconds: String(watchOptions.serverTimeoutSeconds),
      };
      // The watch outlives the call that opens it, so the call's own deadline must not abort it: `send` gets the caller's signal.
      return caller.call(
        {
          name: `watch ${resource.plural}`,
          circuit: resource.plural,
          timeoutMs: settings.timeoutMs,
          idempotent: true,
          ...(watchOptions.signal === undefined ? {} : { signal: watchOptions.signal }),
        },
        async ({ signal }) => {
          const answer = await exchange.open({
            method: "GET",
            path: path + queryText(query),
            signal,
            bodySilenceTimeoutMs: watchOptions.silenceTimeoutMs,
            ...(watchOptions.signal === undefined ? {} : { bodySignal: watchOptions.signal }),
          });
          const events = readWatch(answer.body, resource, `WATCH ${path}`);
          return { [Symbol.asyncIterator]: () => events, cancel: () => answer.cancel() } as WatchStream<T>;
        },
      );
    },
    request: (request) => call({ ...pathCall(request), read: (bytes) => bytes.toString("utf8") }),
    requestJson: (request) => call({ ...pathCall(request), read: parseJson }),
    close: () => transport.close(),
  };
}

function pathCall(request: PathRequest) {
  const method = request.method ?? "GET";
  return {
    name: `${method.toLowerCase()} path`,
    method,
    path: request.path,
    ...(request.query === undefined ? {} : { query: request.query }),
    ...(request.body === undefined ? {} : { body: request.body }),
    ...(request.accept === undefined ? {} : { accept: request.accept }),
    idempotent: method === "GET" || method === "PUT" || method === "DELETE",
    options: request,
  };
}

/** A 2xx answer to a delete is the object, a Status or a list; all of them mean that it was accepted. */
function readAny(bytes: Buffer, where: string): void {
  if (!isRecord(parseJson(bytes, where)))
    throw new AppError("KUBE_WRONG_KIND", `${where}: the answer is no object`, { retry: "idempotent" });
}

function deleteBody(options: DeleteOptions | undefined): unknown {
  return {
    kind: "DeleteOptions",
    apiVersion: "v1",
    gracePeriodSeconds: options?.gracePeriodSeconds,
    propagationPolicy: options?.propagationPolicy,
    preconditions: options?.preconditions,
  };
}
