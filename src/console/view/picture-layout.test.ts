import assert from "node:assert/strict";
import { test } from "node:test";
import { type Box, layOutCells, pathThrough } from "./geometry.ts";
import { layOutPicture } from "./picture-layout.ts";
import type { PictureLayout } from "./picture-plan.ts";

const PANES = [
  [300, 700],
  [358, 700],
  [639, 700],
  [640, 420],
  [760, 432],
  [770, 444],
  [1180, 640],
  [2400, 1200],
] as const;

function boxes(layout: PictureLayout): Box[] {
  const lanes = layout.lanes.flatMap((lane) => [lane.clients, lane.alb, ...lane.routers]);
  return [layout.apiServer, ...layout.components, ...lanes, ...layout.nodes.map((node) => node.pods)];
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.w - 0.01 && b.x < a.x + a.w - 0.01 && a.y < b.y + b.h - 0.01 && b.y < a.y + a.h - 0.01;
}

for (const [width, height] of PANES) {
  test(`at ${width} x ${height} everything is inside the picture and no box covers another`, () => {
    for (const [lanes, nodes] of [
      [1, 3],
      [2, 3],
      [2, 1],
      [2, 9],
    ] as const) {
      const layout = layOutPicture(width, height, lanes, nodes);
      const all = boxes(layout);
      for (const box of all) {
        assert.ok(box.w > 0 && box.h > 0, `empty box ${JSON.stringify(box)}`);
        assert.ok(
          box.x >= 0 && box.y >= 0 && box.x + box.w <= layout.width + 0.01 && box.y + box.h <= layout.height + 0.01,
          `outside: ${JSON.stringify(box)}`,
        );
      }
      for (const [index, box] of all.entries()) {
        for (const other of all.slice(index + 1)) assert.ok(!overlap(box, other), `${JSON.stringify(box)} covers ${JSON.stringify(other)}`);
      }
    }
  });
}

test("every lane has an entry, and every router a tap, a watch and a wire to its pods that end at its box", () => {
  for (const [width, height] of PANES) {
    const layout = layOutPicture(width, height, 2, 3);
    for (const kind of ["tap", "watch", "down"] as const) assert.equal(layout.wires.filter((wire) => wire.kind === kind).length, 6, kind);
    assert.equal(layout.wires.filter((wire) => wire.kind === "entry").length, 2);
    for (const wire of layout.wires) {
      if (wire.kind !== "tap" && wire.kind !== "watch") continue;
      const router = layout.lanes[wire.lane]?.routers[wire.node];
      const end = wire.points.at(-1);
      assert.ok(router !== undefined && end !== undefined);
      assert.equal(end.y, router.y);
      assert.ok(end.x > router.x && end.x < router.x + router.w);
    }
  }
});

test("a wide pane keeps text at 12 units whatever its size: the drawing has the pane's proportions", () => {
  const layout = layOutPicture(1520, 864, 2, 3);
  assert.equal(layout.width, 760);
  assert.equal(layout.height, 432);
});

test("no nodes and no lanes are laid out too", () => {
  const layout = layOutPicture(800, 460, 0, 0);
  assert.deepEqual([layout.lanes.length, layout.nodes.length, layout.wires.length], [0, 0, 0]);
});

test("cells that do not fit are counted behind the last one", () => {
  const box = { x: 0, y: 0, w: 158, h: 44 };
  assert.deepEqual(layOutCells(box, 6, 50, 20).hidden, 0);
  const seven = layOutCells(box, 7, 50, 20);
  assert.deepEqual([seven.cells.length, seven.hidden], [6, 2]);
});

test("a path rounds its corners by no more than half of the shorter leg", () => {
  assert.equal(
    pathThrough([
      { x: 0, y: 0 },
      { x: 4, y: 0 },
      { x: 4, y: 40 },
    ]),
    "M0 0L2 0Q4 0 4 6L4 40",
  );
  assert.equal(
    pathThrough([
      { x: 1, y: 2 },
      { x: 1, y: 2 },
      { x: 9, y: 2 },
    ]),
    "M1 2L1 2Q1 2 5 2L9 2",
  );
});
