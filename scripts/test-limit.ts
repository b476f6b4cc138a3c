/**
 * Imported into every test file: one that is still there after this has something open that nobody closed, and `node --test` waits for it for ever
 * (--test-timeout ends tests, not what stays behind after them). Ended, it is red, and says what kept it.
 */
const FILE_LIMIT_MS = 8 * 60_000;

setTimeout(() => {
  process.stderr.write(`still there after ${FILE_LIMIT_MS / 60_000} min: ${process.getActiveResourcesInfo().join(", ")}\n`);
  process.exit(1);
}, FILE_LIMIT_MS).unref();
