/** What Skipper has and Holdfast will not have, by name, and why. */
export interface NotHad {
  readonly names: readonly string[];
  readonly reason: string;
}

export const filtersNotHad: readonly NotHad[] = [
  {
    names: ["lua"],
    reason: "Lua runs what authors of routes write in the process that serves everybody, without a limit on time or memory.",
  },
  {
    names: ["opaAuthorizeRequest", "opaAuthorizeRequestWithBody", "opaServeResponse", "opaServeResponseWithReqBody"],
    reason: "The engine of Open Policy Agent exists as a Go library only; it would have to be a process beside the router.",
  },
  { names: ["setFastCgiFilename"], reason: "There are no FastCGI back ends: put a web server that speaks HTTP before the application." },
];

/** What is no filter or predicate. */
export const featuresNotHad: readonly (readonly [what: string, reason: string])[] = [
  ["Go plugins (`-plugindir`)", "A process of Node cannot load Go code; `--plugin` takes filters and predicates in TypeScript."],
  ["`fastcgi://` back ends", "As for `setFastCgiFilename`."],
];

/** Why there is no filter of this name, if that is for good. */
export function whyNotHad(name: string): string | undefined {
  return filtersNotHad.find(({ names }) => names.includes(name))?.reason;
}
