import { experimentKinds } from "../../kubernetes/kinds.ts";
import { ActivityFailed } from "../../provider/activity-failed.ts";
import type { Given } from "../given.ts";
import { type Parameters, REQUIRED } from "../parameters.ts";
import { type AliasCall, moduleOf } from "../python-function.ts";
import { manifestIn } from "./manifest-file.ts";
import { create, createFromFile, remove, removeSelected, rollout, scale, update } from "./object-actions.ts";
import { deletePods } from "./pod-actions.ts";
import { NAME_SELECTOR } from "./pod-probes.ts";

const { deployments, statefulSets, daemonSets, replicaSets, services, secrets, namespaces } = experimentKinds;
const FROM_FILE: Parameters = { spec_path: REQUIRED, ns: "default" };
const SELECTED: Parameters = { name: null, ns: "default", label_selector: null };
const SCALED: Parameters = { name: REQUIRED, replicas: REQUIRED, ns: "default" };
const ONE: Parameters = { name: REQUIRED, ns: "default" };

function createNamespace(given: Given, call: AliasCall): Promise<null> {
  const file = given.optionalText("spec_path");
  const name = given.optionalText("name");
  if (file !== undefined) return create(call, namespaces, "", manifestIn(file));
  if (name === undefined) throw new ActivityFailed("You need to either specify name or spec_path");
  return create(call, namespaces, "", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
}

/** As the package: a Deployment of that name, and all ReplicaSets and one pod whose names are that. */
async function killMicroservice(given: Given, call: AliasCall): Promise<null> {
  await removeSelected(given, call, deployments);
  await removeSelected(given, call, replicaSets);
  await deletePods(given, call);
  return null;
}

export const workloadActions = [
  ...moduleOf("chaosk8s.deployment.actions", {
    create_deployment: [FROM_FILE, (given, call) => createFromFile(given, call, deployments)],
    delete_deployment: [SELECTED, (given, call) => removeSelected(given, call, deployments)],
    scale_deployment: [SCALED, (given, call) => scale(given, call, deployments)],
    rollout_deployment: [{ name: null, ns: "default" }, rollout],
  }),
  ...moduleOf("chaosk8s.statefulset.actions", {
    create_statefulset: [FROM_FILE, (given, call) => createFromFile(given, call, statefulSets)],
    scale_statefulset: [SCALED, (given, call) => scale(given, call, statefulSets)],
    remove_statefulset: [SELECTED, (given, call) => removeSelected(given, call, statefulSets)],
  }),
  ...moduleOf("chaosk8s.daemonset.actions", {
    create_daemon_set: [FROM_FILE, (given, call) => createFromFile(given, call, daemonSets)],
    delete_daemon_set: [SELECTED, (given, call) => removeSelected(given, call, daemonSets)],
    update_daemon_set: [
      { name: REQUIRED, spec: REQUIRED, ns: "default" },
      (given, call) => update(call, daemonSets, given.text("name"), given.text("ns"), given.value("spec")),
    ],
  }),
  ...moduleOf("chaosk8s.replicaset.actions", {
    delete_replica_set: [SELECTED, (given, call) => removeSelected(given, call, replicaSets)],
  }),
  ...moduleOf("chaosk8s.service.actions", {
    create_service_endpoint: [FROM_FILE, (given, call) => createFromFile(given, call, services)],
    delete_service: [ONE, (given, call) => remove(call, services, given.text("name"), given.text("ns"))],
  }),
  ...moduleOf("chaosk8s.secret.actions", {
    create_secret: [FROM_FILE, (given, call) => createFromFile(given, call, secrets)],
    delete_secret: [ONE, (given, call) => remove(call, secrets, given.text("name"), given.text("ns"))],
  }),
  ...moduleOf("chaosk8s.namespace.actions", {
    create_namespace: [{ name: null, spec_path: null }, createNamespace],
    delete_namespace: [{ name: REQUIRED }, (given, call) => remove(call, namespaces, given.text("name"), "")],
  }),
  // The names from before there was a module for each kind.
  ...moduleOf("chaosk8s.actions", {
    start_microservice: [FROM_FILE, (given, call) => createFromFile(given, call, deployments)],
    kill_microservice: [{ name: REQUIRED, ns: "default", label_selector: NAME_SELECTOR }, killMicroservice],
    scale_microservice: [SCALED, (given, call) => scale(given, call, deployments)],
    remove_service_endpoint: [ONE, (given, call) => remove(call, services, given.text("name"), given.text("ns"))],
  }),
];
