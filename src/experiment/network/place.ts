import { isIPv4, isIPv6 } from "node:net";
import { type LabComponent, choose, componentsOf, labOf } from "../component/lab-component.ts";
import type { JsonObject } from "../document/json.ts";
import type { ArgumentProblem, ArgumentRules } from "../native/argument-rules.ts";
import type { NativeCall } from "../native/native-activity.ts";
import { ActivityFailed } from "../provider/activity-failed.ts";

/** Where packets go to or come from. */
export interface Place {
  /** `127.30.65.2/32`. */
  readonly cidr: string;
  /** Of TCP; all ports and protocols when undefined. */
  readonly port?: number;
}

export interface Places {
  /** For people: `pod/shop/cart-1/app`, `127.30.64.0/18`. */
  readonly names: readonly string[];
  readonly places: readonly Place[];
  /** `ADDRESS:PORT` of who listens there: what a witness connects to. */
  readonly listens: readonly string[];
}

/** Enough to see a fault by. */
const WITNESSES = 3;

export const placeArguments: ArgumentRules = {
  of: { type: "string", summary: "components of the lab, as in apiserver, pod/shop/cart-*/app, router/*/hold" },
  node: { type: "string", summary: "only components on this node; all of them when of is left out" },
  zone: { type: "string", summary: "only components in this zone; the whole zone, with all its addresses, when of and node are left out" },
  count: { type: "integer", least: 1, most: 100, summary: "how many of the components, drawn by the run's seed; all when left out" },
  address: { type: "string", summary: "an address or CIDR block, instead of components" },
  port: { type: "integer", least: 1, most: 65_535, summary: "of address: this TCP port only" },
  witness: { type: "string", summary: "ADDRESS:PORT that listens at the address, for the witness, where port does not say it" },
};

export function checkPlace({ of, node, zone, count, address, port, witness }: JsonObject): readonly ArgumentProblem[] {
  const isOfLab = [of, node, zone].some((each) => each !== undefined);
  if (typeof address === "string" && !isBlock(address))
    return [
      { argument: "address", message: `${JSON.stringify(address)} is no address`, mend: "write it as in 127.30.65.2 or 127.30.64.0/18" },
    ];
  if (address !== undefined && (isOfLab || count !== undefined))
    return [{ argument: "address", message: "there are components as well", mend: "give an address, or components of the lab" }];
  if (address === undefined && (port !== undefined || witness !== undefined))
    return [{ argument: port === undefined ? "witness" : "port", message: "there is no address", mend: "give address with it" }];
  if (typeof witness === "string" && !isAddressWithPort(witness))
    return [
      { argument: "witness", message: `${JSON.stringify(witness)} is no address with a port`, mend: "write it as in 127.30.65.2:8080" },
    ];
  return [];
}

/** `wholeAddress`: what shares its address with others is cut off with them. Rejects with `ActivityFailed`. */
export async function findPlaces(given: JsonObject, { target, random, signal }: NativeCall, wholeAddress = false): Promise<Places> {
  const { address, port, witness } = given;
  if (typeof address === "string") {
    const [host = ""] = address.split("/");
    const listens = typeof witness === "string" ? [witness] : typeof port === "number" ? [`${host}:${port}`] : [];
    const place = { cidr: withBits(address), ...(typeof port === "number" && !wholeAddress ? { port } : {}) };
    return { names: [typeof port === "number" ? `${address}:${port}` : address], places: [place], listens };
  }
  const { of, node, zone, count } = given;
  const lab = labOf(target, typeof of === "string" ? of : "");
  const all = await componentsOf(lab, signal);
  if (typeof zone === "string" && of === undefined && node === undefined) {
    const blocks = lab.zones.find(({ name }) => name === zone);
    if (blocks === undefined)
      throw new ActivityFailed(`the lab has no zone ${zone}; it has ${lab.zones.map(({ name }) => name).join(", ")}`);
    const listens = all.filter((one) => one.zone === zone).flatMap((one) => one.listens.slice(0, 1));
    return {
      names: [`zone ${zone}`],
      places: [blocks.publicCidr, blocks.privateCidr].map((cidr) => ({ cidr })),
      listens: listens.slice(0, WITNESSES),
    };
  }
  if (of === undefined && node === undefined) throw new ActivityFailed("which packets? give of, node, zone or address");
  const wanted = {
    name: typeof of === "string" ? of : "**",
    ...(typeof node === "string" ? { node } : {}),
    ...(typeof zone === "string" ? { zone } : {}),
    ...(typeof count === "number" ? { count } : {}),
  };
  const victims = choose(
    all.filter(({ listens }) => listens.length > 0),
    wanted,
    random,
  );
  const places = victims.flatMap((victim) => placesOf(victim, wholeAddress || of === undefined));
  return {
    names: victims.map(({ name }) => name),
    places: [...new Map(places.map((place) => [`${place.cidr} ${place.port ?? ""}`, place])).values()],
    listens: victims.flatMap(({ listens }) => listens.slice(0, 1)).slice(0, WITNESSES),
  };
}

function placesOf({ address, listens }: LabComponent, wholeAddress: boolean): readonly Place[] {
  if (wholeAddress) return [{ cidr: `${address ?? ""}/32` }];
  return listens.map((at) => ({ cidr: `${at.slice(0, at.lastIndexOf(":"))}/32`, port: Number(at.slice(at.lastIndexOf(":") + 1)) }));
}

function isBlock(text: string): boolean {
  const [host = "", bits] = text.split("/");
  const width = isIPv4(host) ? 32 : isIPv6(host) ? 128 : 0;
  return width > 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= width));
}

function isAddressWithPort(text: string): boolean {
  const colon = text.lastIndexOf(":");
  return colon > 0 && isBlock(text.slice(0, colon)) && /^\d{1,5}$/.test(text.slice(colon + 1));
}

function withBits(address: string): string {
  return address.includes("/") ? address : `${address}/${isIPv6(address) ? 128 : 32}`;
}
