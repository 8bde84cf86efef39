/**
 * Runs a module in a process of its own. Test files run in threads of one process: what a test changes of it (its
 * environment) reaches the others, and what it counts of it (mappings, open files) is theirs, too. @module
 */
import { assert } from "@std/assert";

/** What the module gets. */
export interface RunApartOptions {
  /** Its `Deno.args`. */
  readonly args?: readonly string[];
  /** Variables of the environment beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The JSON that `module`, an address, prints as its last line. */
export async function runApart(module: string, { args = [], env = {} }: RunApartOptions = {}): Promise<unknown> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--no-check", "-A", module, ...args],
    env: { ...env },
    stdin: "null",
    // Or a process that hangs takes the whole run with it.
    signal: AbortSignal.timeout(120_000),
  }).output();
  assert(code === 0, `${module} ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!);
}
