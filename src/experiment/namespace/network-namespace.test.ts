import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { test } from "node:test";
import { messageOf } from "../../kernel/index.ts";
import { inNamespaceOf, inNewNamespace, isInOwnNamespace, networkNamespaceOf } from "./network-namespace.ts";

const MODULE = new URL("network-namespace.ts", import.meta.url).pathname;

const refusal = (): string | undefined => {
  try {
    inNewNamespace([]);
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
};
const why = refusal();
if (why === undefined) namespaceTests();
else process.stdout.write(`not run: network namespaces (${why})\n`);

function namespaceTests(): void {
  const script = (body: string): readonly string[] => [
    process.execPath,
    "--input-type=module",
    "--eval",
    `import { isInOwnNamespace, networkNamespaceOf } from ${JSON.stringify(MODULE)}; ${body}`,
  ];
  const run = ([file, ...args]: readonly [string, ...string[]]): string => {
    const { stdout, stderr, status } = spawnSync(file, args, { encoding: "utf8", timeout: 30_000 });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const LISTEN = `
    import { createServer } from "node:net";
    createServer((socket) => socket.end("in here")).listen(8080, "127.77.1.1", () => {
      console.log(networkNamespaceOf("self"), isInOwnNamespace(process.env));
    });`;

  test("a command in a new namespace knows that it is in one, and has all of 127.0.0.0/8 to itself", async (t) => {
    assert.equal(isInOwnNamespace(process.env), false);
    const [file, ...args] = inNewNamespace(script(LISTEN));
    const inside = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => inside.kill("SIGKILL"));
    const said = await new Promise<string>((resolve) => inside.stdout.once("data", (data: Buffer) => resolve(data.toString())));
    const [id = "", isOwn] = said.trim().split(" ");
    assert.notEqual(id, networkNamespaceOf("self"));
    assert.equal(isOwn, "true");
    // The process keeps its id: there is nothing between us and it.
    assert.ok(inside.pid);
    assert.equal(networkNamespaceOf(inside.pid), id);
    const body = `import { connect } from "node:net";
      connect(8080, "127.77.1.1").on("data", (data) => console.log(String(data))).on("error", (error) => console.log(error.code));`;
    const [own = "", ...ownArgs] = script(body);
    assert.equal(run([own, ...ownArgs]).trim(), "ECONNREFUSED");
    assert.equal(run(inNamespaceOf({ pid: inside.pid, id }, script(body))).trim(), "in here");
  });

  test("the mark of a namespace is worth nothing outside it", () => {
    const mark = run(inNewNamespace(["sh", "-c", "echo $HOLDFAST_NETWORK_NAMESPACE"])).trim();
    assert.match(mark, /^net:\[\d+\]$/);
    assert.equal(isInOwnNamespace({ HOLDFAST_NETWORK_NAMESPACE: mark }), false);
  });

  test("a namespace whose process is another one by now is refused", () => {
    const gone = { pid: process.pid, id: "net:[1]" };
    assert.throws(() => inNamespaceOf(gone, ["true"]), { code: "EXPERIMENT_NAMESPACE_REFUSED" });
  });
}
