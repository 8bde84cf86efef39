/** The table of methods: what each way to run or reach a plugin costs, and what it survives; the thesis's figure 4.6. @module */
import type { BoundaryResult } from "./boundary.ts";
import type { Start } from "./life.ts";
import type { MessageResult } from "./messages.ts";
import type { PeerResult } from "./peers.ts";
import { ratioOf, type WorkloadResult } from "./retained.ts";
import { median, significant } from "./statistics.ts";

/** One way. What is absent was not measured for it, or means nothing there. */
export interface Method {
  /** Its name. */
  readonly name: string;
  /** Events of Tremor's `passthrough` a second. */
  readonly eventsPerSecond?: number | undefined;
  /** Throughput of the logging workload in JSON, ÷ builtin. */
  readonly retained?: number | undefined;
  /** What an event of 222 bytes costs in a batch of 1024, nanoseconds. */
  readonly boundaryNs?: number | undefined;
  /** One event there and back, p50, microseconds. */
  readonly roundTripUs?: number | undefined;
  /** Ready to run, milliseconds. */
  readonly launchMs?: number | undefined;
  /** Memory each instance adds, MiB. */
  readonly memoryMiB?: number | undefined;
  /** Where its code runs. */
  readonly place: string;
  /** Who holds it to its permissions. */
  readonly isolation: string;
  /** What of it the host survives. */
  readonly survives: string;
}

type Nature = Pick<Method, "place" | "isolation" | "survives">;

/** What DESIGN §5 says of each, and the tests of faults show. */
const NATURES: Readonly<Record<string, Nature>> = {
  builtin: { place: "host thread", isolation: "none", survives: "errors" },
  native: { place: "host thread", isolation: "none", survives: "error codes" },
  worker: { place: "thread of its own", isolation: "Deno permissions", survives: "throws" },
  runner: { place: "process of its own", isolation: "operating system", survives: "crash, hang, memory" },
  guard: {
    place: "process of its own",
    isolation: "Deno permissions, operating system",
    survives: "crash, hang, memory",
  },
  "postMessage, transferred": { place: "thread of its own", isolation: "Deno permissions", survives: "throws" },
  comlink: { place: "thread of its own", isolation: "as its Worker", survives: "throws" },
  "Extism, in thread": { place: "host thread", isolation: "WebAssembly", survives: "traps" },
  "abi_stable": { place: "host thread", isolation: "none", survives: "error values" },
  "C loop over function pointers": { place: "host thread", isolation: "none", survives: "error codes" },
  pipe: { place: "process of its own", isolation: "operating system", survives: "crash" },
  "Unix socket": { place: "process of its own", isolation: "operating system", survives: "crash" },
  "TCP, loopback": { place: "process of its own", isolation: "operating system", survives: "crash" },
};

/** What the table is made of. */
export interface MethodSources {
  /** Retained throughput. */
  readonly retained: ReadonlyMap<string, WorkloadResult>;
  /** Boundary and round trips. */
  readonly boundary: BoundaryResult;
  /** By message size. */
  readonly messages: MessageResult;
  /** Starts. */
  readonly start: ReadonlyMap<string, Start>;
  /** What others offer. */
  readonly peers: PeerResult;
}

/** One row for each method that was measured. */
export function tableOfMethods(sources: MethodSources): readonly Method[] {
  const { retained, boundary, messages, start, peers } = sources;
  const passthrough = retained.get("passthrough");
  const logging = retained.get("throughput-logging-json");
  const rows: Method[] = [];
  for (const [name, nature] of Object.entries(NATURES)) {
    const rates = passthrough?.rounds.get(name)?.map(({ eventsPerSecond }) => eventsPerSecond);
    const peer = peers.get(name);
    const began = start.get(name);
    const row = {
      eventsPerSecond: rounded(rates && median(rates)),
      retained: rounded(logging?.rounds.has(name) ? ratioOf(logging, name, "builtin") : undefined),
      boundaryNs: rounded(
        boundary.isolations.get(name)?.in.get(1024) ?? (typeof peer === "object" ? peer.get(1024) : undefined),
      ),
      roundTripUs: rounded(boundary.roundTrip.get(name)?.p50 ?? messages.get(name)?.get(256)?.p50),
      launchMs: rounded(began?.launchMs),
      memoryMiB: rounded(began && began.bytesPerInstance / 1048576),
    };
    if (Object.values(row).every((figure) => figure === undefined)) continue;
    rows.push({ name, ...row, ...nature });
  }
  return rows;
}

function rounded(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : significant(value, 3);
}
