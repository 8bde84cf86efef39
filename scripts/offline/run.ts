// Runs a command so that its `jsr:` imports resolve, with or without JSR:
//
//   deno run … scripts/offline/run.ts deno test tests/data
//
// Where the registry answers, the command runs as it is. Elsewhere it runs with
// `JSR_URL` set to a registry on the loopback address that offers the stand-ins
// of `std/` and the packages of this repository.
// deno-lint-ignore-file no-console -- the terminal is where it reports
import { delimiter, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { jsrIsReachable } from "./reachable.ts";
import { serveRegistry } from "./registry.ts";
import { standIns } from "./stand_ins.ts";
import { workingTreePackages } from "./working_tree.ts";

/** Set for children where JSR answers, so that none of them probes again. */
const REACHABLE = "CAISSON_JSR_REACHABLE";

/** The exit code shells give to a command they cannot find. */
const COMMAND_NOT_FOUND = 127;

/** Signals a terminal or a supervisor sends; Windows knows two of them. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** Runs the command to its end; the result is its exit code. */
async function runCommand(
  [command = "deno", ...args]: readonly string[],
  extraEnv: Readonly<Record<string, string>>,
): Promise<number> {
  // Under `npx deno` no `deno` is on the path, neither for us nor for a script
  // the command starts.
  const deno = Deno.execPath();
  const path = [dirname(deno), Deno.env.get("PATH")].filter(Boolean);
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(command === "deno" ? deno : command, {
      args: [...args],
      env: { ...extraEnv, PATH: path.join(delimiter) },
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error(`Command not found: ${command}`);
    return COMMAND_NOT_FOUND;
  }
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, () => {
      // The terminal has sent it to the child already: twice would read as
      // "stop at once" to a program that shuts down in an orderly way.
      if (signal === "SIGINT" && Deno.stdin.isTerminal()) return;
      child.kill(signal === "SIGBREAK" ? "SIGINT" : signal);
    });
  }
  return (await child.status).code;
}

async function main(command: readonly string[]): Promise<number> {
  if (Deno.env.has("JSR_URL") || Deno.env.has(REACHABLE)) {
    return await runCommand(command, {});
  }
  if (await jsrIsReachable()) {
    return await runCommand(command, { [REACHABLE]: "1" });
  }
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const packages = [...await standIns(), ...await workingTreePackages(root)];
  await using registry = await serveRegistry(packages);
  return await runCommand(command, { JSR_URL: registry.url });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
