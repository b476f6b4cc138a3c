import { spawnSync } from "node:child_process";
import { messageOf } from "../../kernel/index.ts";
import { inNewNamespace } from "../namespace/network-namespace.ts";

/** Something that faults are made with. */
export interface Capability {
  /** As in the `needs` of a scenario. */
  readonly name: string;
  readonly what: string;
  readonly isThere: boolean;
  /** What trying it said; empty where it worked without a word. */
  readonly evidence: string;
  /** What does the same, or nearly, where it is not there; null: nothing does. */
  readonly standsIn: string | null;
}

interface Trial {
  readonly name: string;
  readonly what: string;
  readonly standsIn: string | null;
  /** For sh; succeeds when it is there, and leaves nothing behind. */
  readonly script: string;
  /** In a network namespace of its own: what it makes goes with it. */
  readonly isOfNetwork: boolean;
}

const network = (name: string, what: string, script: string, standsIn: string | null = null): Trial => ({
  name,
  what,
  script,
  standsIn,
  isOfNetwork: true,
});
const local = (name: string, what: string, script: string, standsIn: string | null = null): Trial => ({
  name,
  what,
  script,
  standsIn,
  isOfNetwork: false,
});
const rule = (match: string, verdict = "DROP"): string => `iptables -w 5 -A OUTPUT -d 127.9.9.9 ${match} -j ${verdict}`;
const group = (controller: string, file: string, value: string): string =>
  `d=/sys/fs/cgroup/${controller}/holdfast-doctor-$$ && mkdir $d && trap 'rmdir $d' EXIT && echo ${value} > $d/${file}`;

const TRIALS: readonly Trial[] = [
  network("network-namespace", "a network of our own, for labs and faults of the network", "true"),
  network("iptables", "packets dropped (network/drop)", rule("")),
  network(
    "iptables-reject",
    "connections refused (network/reject)",
    rule("-p tcp", "REJECT --reject-with tcp-reset"),
    "network/unreachable",
  ),
  network("iptables-statistic", "packets lost by chance (network/loss)", rule("-m statistic --mode random --probability 0.05")),
  network("iptables-length", "large packets lost (network/pmtu)", rule("-m length ! --length 1:599")),
  network(
    "iptables-nat",
    "a fault proxy put in the path (api/fault)",
    "iptables -w 5 -t nat -A OUTPUT -d 127.9.9.9 -p tcp --dport 1 -j DNAT --to 127.9.9.8:1",
    "a fault proxy that clients are pointed at",
  ),
  network(
    "tc-htb",
    "a narrow link (network/bandwidth)",
    "tc qdisc add dev lo root handle 1: htb && tc class add dev lo parent 1: classid 1:10 htb rate 1mbit && tc filter add dev lo parent 1: protocol ip pref 16 u32 match ip src 127.9.9.9/32 flowid 1:10",
    "toxic bandwidth of the fault proxy",
  ),
  network(
    "tc-netem",
    "latency and reordering in the kernel",
    "tc qdisc add dev lo root netem delay 1ms",
    "toxic latency of the fault proxy; reordering: nothing",
  ),
  network("routes", "no way there (network/unreachable)", "ip route add unreachable 127.9.9.9/32 table local"),
  network("port-range", "few ports for outgoing connections (resource/ports)", "echo 40000 40063 > /proc/sys/net/ipv4/ip_local_port_range"),
  local("cgroup-cpu", "a share of a processor (resource/cpu)", group("cpu", "cpu.cfs_quota_us", "10000"), "resource/burn beside it"),
  local(
    "cgroup-memory",
    "a limit of memory (resource/memory)",
    group("memory", "memory.limit_in_bytes", "67108864"),
    "the heap limit of the lab's API server",
  ),
  local("cgroup-freezer", "processes frozen (resource/freeze)", group("freezer", "freezer.state", "THAWED"), "component/signal with STOP"),
  local("prlimit", "few open files (resource/files)", "sleep 5 & prlimit --pid $! --nofile=64: && kill $!"),
  local(
    "small-file-system",
    "a full disk (resource/disk)",
    "d=$(mktemp -d) && trap 'umount $d; rmdir $d' EXIT && mount -t tmpfs -o size=64k tmpfs $d",
  ),
  local("faketime", "another time of day for one process", "faketime -f +10m true"),
  local("python3", "activities and controls in Python", "python3 -c pass", "the functions that are played without it"),
];

/** Tries each, really, in a namespace of its own or with what is taken away again at once; takes about a second. */
export function examineHost(): readonly Capability[] {
  return TRIALS.map(({ name, what, standsIn, script, isOfNetwork }) => {
    const problem = tryOut(script, isOfNetwork);
    return { name, what, standsIn, isThere: problem === undefined, evidence: problem ?? "" };
  });
}

/** Why it does not work here; undefined when it does. */
function tryOut(script: string, isOfNetwork: boolean): string | undefined {
  try {
    const [file, ...args] = isOfNetwork ? inNewNamespace(["sh", "-c", script]) : ["sh", "-c", script];
    const { status, stderr, error } = spawnSync(file, args, { encoding: "utf8", timeout: 15_000 });
    if (status === 0) return undefined;
    return stderr.trim().split("\n")[0] || (error === undefined ? `ended with ${status}` : messageOf(error));
  } catch (thrown) {
    return messageOf(thrown);
  }
}
