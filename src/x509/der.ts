/** One DER value: tag, length, content (X.690 section 8.1). */
export function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

export function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

/** An object identifier from its dotted form. */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let value = part >> 7; value > 0; value >>= 7) groups.unshift((value & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}

/** A UTCTime: good until 2049. */
export function time(wallMs: number): Buffer {
  return tagged(0x17, Buffer.from(`${new Date(wallMs).toISOString().slice(2, 19).replaceAll(/[-:T]/g, "")}Z`));
}
