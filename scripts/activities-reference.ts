// Makes docs/reference/activities.md from the code: bin/node scripts/activities-reference.ts
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { activitiesPage } from "../src/experiment/native/activities-page.ts";

const page = new URL("../docs/reference/activities.md", import.meta.url).pathname;
writeFileSync(page, activitiesPage());
spawnSync(new URL("../node_modules/.bin/oxfmt", import.meta.url).pathname, [page], { stdio: "inherit" });
