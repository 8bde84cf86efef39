/** Latency from TCP to TCP under a load that waits for nobody. @module */
import { join } from "@std/path";
import { median, medianRatio, significant } from "../statistics.ts";
import { runArguments } from "./run_arguments.ts";
import { type SyslogNg, syslogNgFromTcpToTcp } from "./daemons.ts";

/** What one run measured, microseconds. */
export interface Latency {
  /** Median of a typical fifth of a second. */
  readonly p50: number;
  /** 99th percentile of a typical fifth of a second: the median of what each had. */
  readonly p99: number;
  /** 99th percentile of all events, what other programs of the machine held up included. */
  readonly p99OfAll: number;
  /** The same, 99.9th. */
  readonly p999OfAll: number;
  /** How late an event was sent at worst, measured from when it was due, as everything is. */
  readonly senderLate: number;
  /** Whether sender and receiver had a processor each. */
  readonly pinned: boolean;
  /** Different events that came. */
  readonly received: number;
  /** Events that should have come. */
  readonly expected: number;
}

/** Starts what is measured: it listens on the first port and connects to the second. */
export type StartServer = (listenPort: string, connectPort: string) => Promise<Deno.ChildProcess>;

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/**
 * What is said of several runs: the medians, and the worst of what should not be.
 *
 * @throws {RangeError} for none
 */
export function summarize(runs: readonly Latency[]): Latency {
  const [first] = runs;
  if (first === undefined) throw new RangeError("no run");
  const middle = (key: "p50" | "p99" | "p99OfAll" | "p999OfAll") => median(runs.map((run) => run[key]));
  const sum = (key: "received" | "expected") => runs.reduce((all, run) => all + run[key], 0);
  return {
    p50: middle("p50"),
    p99: middle("p99"),
    p99OfAll: middle("p99OfAll"),
    p999OfAll: middle("p999OfAll"),
    senderLate: Math.max(...runs.map(({ senderLate }) => senderLate)),
    pinned: runs.every(({ pinned }) => pinned),
    received: sum("received"),
    expected: sum("expected"),
  };
}

/** Median of the ratios of each round; a text that says so where a run lost events, and so has no figures. */
export function latencyRatio(
  key: "p50" | "p99" | "p99OfAll",
  above: readonly Latency[],
  below: readonly Latency[],
): number | string {
  const lost = [...above, ...below].reduce((sum, { received, expected }) => sum + expected - received, 0);
  if (lost !== 0) return `none: ${lost} events lost`;
  return significant(medianRatio(above.map((run) => run[key]), below.map((run) => run[key])), 3);
}

/** A module that takes both ports, and says when it listens. `more`: arguments of Deno. */
export function program(name: string, more: readonly string[] = []): StartServer {
  return async (...ports) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: [...runArguments, ...more, join(import.meta.dirname!, name), ...ports],
      stdout: "piped",
      // The load generator closes first, and a flow says that its sink's connection is lost.
      stderr: "null",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    return child;
  };
}

/** syslog-ng with a configuration for two ports. */
export function syslogNgServer(folder: string, command: SyslogNg): StartServer {
  return async (...ports) => {
    const config = join(await Deno.makeTempDir({ dir: folder }), "syslog-ng.conf");
    await Deno.writeTextFile(config, syslogNgFromTcpToTcp(...ports));
    return command(config).spawn();
  };
}

/** Seconds before what is measured: the compilers of V8 take that long over a program that is called so seldom. */
const WARM_SECONDS = 8;

/** Measures once, after {@linkcode WARM_SECONDS} under the same load. */
export async function measureLatency(
  load: string,
  start: StartServer,
  rate: number,
  seconds: number,
): Promise<Latency> {
  const ports = [String(freePort()), String(freePort())] as const;
  // It listens at once and tries for ten seconds to connect, so that nobody finds its port closed.
  const running = new Deno.Command(load, {
    args: [...ports, String(rate), String(seconds + WARM_SECONDS), String(WARM_SECONDS)],
    stdout: "piped",
  })
    .spawn();
  const child = await start(...ports);
  const { success, stdout } = await running.output();
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It ended by itself.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
  await child.status;
  if (!success) throw new Error("the load generator failed");
  return JSON.parse(new TextDecoder().decode(stdout)) as Latency;
}
