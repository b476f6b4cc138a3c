import { type AddressInfo, createServer } from "node:net";
import { Histogram } from "../../src/experiment/load/record/histogram.ts";
import { histogramText } from "../../src/experiment/load/record/histogram-text.ts";

/** Answers after a time that is drawn for each request, and measures how long it truly took; `tell` answers these times. Ends with its parent. */
const DELAYS_MS = [0, 0, 0, 1, 1, 2, 2, 5, 5, 10, 20, 50];
const ANSWER = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
let times = new Histogram(3);
let turn = 0;

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {});
  socket.on("data", () => {
    const arrivedMs = performance.now();
    const answer = (): void => {
      socket.write(ANSWER);
      times.record((performance.now() - arrivedMs) * 1000);
    };
    const delayMs = DELAYS_MS[turn++ % DELAYS_MS.length] ?? 0;
    if (delayMs === 0) answer();
    else setTimeout(answer, delayMs);
  });
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("message", () => {
  process.send?.(histogramText(times));
  times = new Histogram(3);
});
process.on("disconnect", () => process.exit(0));
