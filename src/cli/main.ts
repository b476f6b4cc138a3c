import { forkWorker } from "./router-processes.ts";

const argv = process.argv.slice(2);
const isRouter = argv[0] === "router" && !argv.includes("--help") && !argv.includes("-h");
const worker = isRouter ? forkWorker() : undefined;
// Loaded only now: a router's first worker is on its way meanwhile.
const { runProgram } = await import("./program.ts");
await runProgram(argv, worker);
