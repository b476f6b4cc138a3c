export { type ConsoleHandle, openLabConsole } from "./lab/open.ts";
