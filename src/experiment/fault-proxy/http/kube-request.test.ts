import assert from "node:assert/strict";
import { test } from "node:test";
import { readKubeRequest } from "./kube-request.ts";

test("method and path of a request are read as RBAC has them", () => {
  const read = (method: string, target: string): string => {
    const request = readKubeRequest(method, new URL(target, "http://api"));
    return request === undefined ? "none" : [request.verb, request.group, request.resource, request.namespace, request.name].join(" ");
  };
  const cases: readonly (readonly [string, string, string])[] = [
    ["GET", "/api/v1/pods", "list  pods  "],
    ["GET", "/api/v1/pods?watch=1", "watch  pods  "],
    ["GET", "/api/v1/watch/namespaces/shop/pods", "watch  pods shop "],
    ["GET", "/api/v1/namespaces/shop/pods/a/log?follow=true", "get  pods/log shop a"],
    ["POST", "/api/v1/namespaces/shop/pods/a/eviction", "create  pods/eviction shop a"],
    ["GET", "/api/v1/namespaces", "list  namespaces  "],
    ["GET", "/api/v1/namespaces/shop", "get  namespaces shop shop"],
    ["PUT", "/api/v1/namespaces/shop/finalize", "update  namespaces/finalize shop shop"],
    ["PATCH", "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/web/status", "patch networking.k8s.io ingresses/status shop web"],
    ["DELETE", "/apis/apps/v1/namespaces/shop/deployments", "deletecollection apps deployments shop "],
    ["DELETE", "/api/v1/nodes/n1", "delete  nodes  n1"],
    ["GET", "/version", "none"],
    ["GET", "/apis/apps/v1", "none"],
  ];
  for (const [method, target, wanted] of cases) assert.equal(read(method, target), wanted, `${method} ${target}`);
});
