export type { AlbSettings } from "./settings.ts";
