// deno-lint-ignore-file no-console -- the terminal is where it reports
import { join } from "node:path";

/** One step of `deno task ok`: a command that must succeed. */
export interface Gate {
  /** What it checks, for the summary. */
  readonly name: string;
  /** Arguments for deno. */
  readonly args: readonly string[];
  /** Folder to run in, relative to the root. */
  readonly folder?: string;
  /** Whether to show what it prints although it succeeds. */
  readonly verbose?: boolean;
}

/** How a gate ended. */
export interface GateResult {
  /** Its name. */
  readonly name: string;
  /** Whether it succeeded. */
  readonly passed: boolean;
  /** How long it took, in seconds. */
  readonly seconds: number;
  /** What it printed to stdout. */
  readonly output: string;
  /** What it printed to stderr, unless that went to the terminal. */
  readonly errors: string;
}

/** Runs one gate; what it printed is shown when it fails. */
export async function runGate(gate: Gate, root: string): Promise<GateResult> {
  const { name, args, verbose } = gate;
  console.log(`\n── ${name}`);
  const start = performance.now();
  const shown = verbose ? "inherit" : "piped";
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: join(root, gate.folder ?? ""),
    stdin: "null",
    stdout: "piped",
    stderr: shown,
  }).spawn();
  const [output, errors] = await Promise.all([
    readAndShow(child.stdout, verbose === true),
    verbose ? "" : new Response(child.stderr).text(),
  ]);
  const { success: passed } = await child.status;
  if (!passed && !verbose) console.log(`${output}${errors}`);
  const seconds = (performance.now() - start) / 1_000;
  console.log(`${passed ? "ok" : "FAILED"} ${name} (${seconds.toFixed(1)} s)`);
  return { name, passed, seconds, output, errors };
}

async function readAndShow(
  stream: ReadableStream<Uint8Array>,
  show: boolean,
): Promise<string> {
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of stream) {
    output += decoder.decode(chunk, { stream: true });
    if (!show) continue;
    for (let at = 0; at < chunk.length;) {
      at += await Deno.stdout.write(chunk.subarray(at));
    }
  }
  return output + decoder.decode();
}
