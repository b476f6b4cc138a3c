export { type TestKubelet, startTestKubelet } from "./start-test-kubelet.ts";
