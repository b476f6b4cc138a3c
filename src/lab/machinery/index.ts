export { type ApiAccess, createPartClient, readApiAccess } from "./client.ts";
export { keyOf, refOf } from "./keys.ts";
export { type Controller, type ControllerOptions, createController } from "./controller.ts";
export { type EventRecorder, createEventRecorder } from "./event-recorder.ts";
export { type Informer, type InformerOptions, createInformer } from "./informer.ts";
export { type WorkQueue, createWorkQueue } from "./work-queue.ts";
