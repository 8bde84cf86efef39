/** Latency from TCP to TCP under a load that waits for nobody. @module */
import { join } from "@std/path";

/** What one run measured, microseconds. */
export interface Latency {
  /** Median. */
  readonly p50: number;
  /** 99th percentile. */
  readonly p99: number;
  /** Events that came and should have come. */
  readonly received: number;
  /** Events that should have come. */
  readonly expected: number;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/**
 * Runs a program between the two ends of the load generator.
 *
 * @param program module that takes the port to listen on and the one to connect to, and says when it is ready
 */
export async function measureLatency(
  load: string,
  program: string,
  rate: number,
  seconds: number,
): Promise<Latency> {
  const ports = [String(freePort()), String(freePort())] as const;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", "--no-check", "--quiet", join(import.meta.dirname!, program), ...ports],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  const { success, stdout, stderr } = await new Deno.Command(load, {
    args: [...ports, String(rate), String(seconds + 1)],
  }).output();
  await reader.cancel();
  await child.status;
  const text = new TextDecoder();
  if (!success) throw new Error(text.decode(stderr));
  return JSON.parse(text.decode(stdout)) as Latency;
}
