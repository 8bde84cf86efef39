/** Latency from TCP to TCP under a load that waits for nobody. @module */
import { join } from "@std/path";
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
  /** Events that came and should have come. */
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

/** A module that takes both ports, and says when it listens. */
export function program(name: string): StartServer {
  return async (...ports) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: [...runArguments(2), join(import.meta.dirname!, name), ...ports],
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
