/** Starts Deno processes that attack, or are attacked, and reads what they say. @module */
import { fromFileUrl, join } from "@std/path";
import { VARIABLE } from "./ground.ts";
import type { HostTask } from "./host.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
/** Longer than any host waits for its plugin. */
const DEADLINE_MS = 20_000;

/** What was heard of one process. */
export interface Heard {
  /** What the attack says it took. */
  readonly told: string | undefined;
  /** What stopped it, in the words of whoever did. */
  readonly refused: string | undefined;
  /** Whether the process came to its end by itself. */
  readonly alive: boolean;
}

/** Runs Deno with every permission; the secret is in its environment and on its standard input. */
export async function runDeno(args: readonly string[], secret: string): Promise<Heard> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-prompt", "--no-lock", "--no-check", "--unstable-worker-options", ...args],
    cwd: ROOT,
    env: { [VARIABLE]: secret, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const input = child.stdin.getWriter();
  input.write(new TextEncoder().encode(`${secret}\n`)).then(() => input.close()).catch(() => {});
  const timer = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  const { stdout } = await child.output();
  clearTimeout(timer);
  const lines = new TextDecoder().decode(stdout).split("\n");
  const outcomes = lines.filter((line) => line.startsWith("OUTCOME ")).map((line) => JSON.parse(line.slice(8)));
  return {
    told: outcomes.find(({ took }) => took !== undefined)?.took,
    refused: outcomes.find(({ refused }) => refused !== undefined)?.refused,
    alive: lines.includes("ALIVE"),
  };
}

/** Runs one plugin in a host of its own. */
export async function runHost(folder: string, task: HostTask, secret: string): Promise<Heard> {
  await Deno.writeTextFile(join(folder, "attack.json"), JSON.stringify(task));
  return await runDeno(["tests/redteam/host.ts", folder], secret);
}

/** The first line of a message, without what differs between two runs. */
export function shortReason(text: string | undefined): string {
  if (text === undefined) return "it came to nothing";
  return text.split("\n")[0]!
    .replaceAll(/\/tmp\/redteam[^\s"]*/g, "…")
    .replaceAll(/\/[^\s"]*\/caisson\/guard\/[^\s"]*/g, "…")
    .replaceAll(/(127\.0\.0\.1|0\.0\.0\.0):\d+/g, "$1:…")
    .slice(0, 110);
}
