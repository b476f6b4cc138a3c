import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../kernel/index.ts";
import type { CertificatePair } from "../../proxy/index.ts";

/** More than any chain of certificates has. */
const FILE_BYTES = 1_048_576;
const PAIRS = 10_000;

/** What a folder holds: `NAME.crt` beside `NAME.key`, and folders `NAME` with `tls.crt` and `tls.key`, as Kubernetes mounts a Secret. */
export interface CertificateFiles {
  readonly pairs: readonly CertificatePair[];
  readonly problems: readonly string[];
}

interface FilePair {
  readonly name: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Reads a folder of certificates. What can not be read is a problem and no pair; a folder that can not be is one problem. */
export function readCertificateFiles(folder: string): CertificateFiles {
  const pairs: CertificatePair[] = [];
  const problems: string[] = [];
  for (const { name, certificateFile, keyFile } of listPairs(folder, problems)) {
    try {
      pairs.push({ name, certificate: readSmall(certificateFile), key: readSmall(keyFile) });
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  return { pairs, problems };
}

/** Changes when a file comes, goes or is written, also behind the link that Kubernetes swaps; `files` are looked at beside the folder. */
export function signatureOf(folder: string | undefined, files: readonly string[]): string {
  const pairs = (folder === undefined ? [] : listPairs(folder, [])).flatMap(({ certificateFile, keyFile }) => [certificateFile, keyFile]);
  return [...pairs, ...files].map((file) => `${file} ${stampOf(file)}`).join("\n");
}

export function readSmall(file: string): string {
  const { size } = statSync(file);
  if (size > FILE_BYTES) throw new Error(`${file} has ${size} bytes, at most ${FILE_BYTES} are read`);
  return readFileSync(file, "utf8");
}

function listPairs(folder: string, problems: string[]): readonly FilePair[] {
  const found: FilePair[] = [];
  let names: readonly string[];
  try {
    names = readdirSync(folder).sort();
  } catch (error) {
    problems.push(messageOf(error));
    return found;
  }
  for (const name of names) {
    // `..data` and what it points to are how a mounted Secret is swapped.
    if (name.startsWith(".")) continue;
    if (name.endsWith(".crt")) {
      const stem = name.slice(0, -".crt".length);
      // The folder itself may be a mounted Secret: its pair is the default.
      found.push({ name: stem === "tls" ? "default" : stem, certificateFile: join(folder, name), keyFile: join(folder, `${stem}.key`) });
    } else if (isFolder(join(folder, name))) {
      found.push({ name, certificateFile: join(folder, name, "tls.crt"), keyFile: join(folder, name, "tls.key") });
    }
  }
  if (found.length > PAIRS) problems.push(`${folder} has ${found.length} certificates, the first ${PAIRS} are used`);
  return found.slice(0, PAIRS);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? "-" : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}
