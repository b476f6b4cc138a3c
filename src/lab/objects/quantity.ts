const SUFFIXES: Readonly<Record<string, number>> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/**
 * A resource quantity (`100m`, `1.5`, `128Mi`, `2e3`) as a number of its base unit (cores, bytes, pods); undefined when it
 * is not one. Kubernetes, page "Quantity".
 */
export function parseQuantity(text: string | number): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,2}))?([a-zA-Z]{0,2})$/.exec(String(text).trim());
  const [, mantissa, exponent, suffix = ""] = match ?? [];
  const factor = Object.hasOwn(SUFFIXES, suffix) ? SUFFIXES[suffix] : undefined;
  if (mantissa === undefined || factor === undefined || (exponent !== undefined && suffix !== "")) return undefined;
  return Number(mantissa) * 10 ** Number(exponent ?? 0) * factor;
}
