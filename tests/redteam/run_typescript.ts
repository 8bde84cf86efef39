/** Runs an attack in TypeScript, without protection and inside a host. @module */
import { fromFileUrl, join } from "@std/path";
import type { Outcome, TypeScriptAttack } from "./attack.ts";
import { grantedPermissions, writePlugin, writeProgram } from "./attacking_plugin.ts";
import { Ground, VARIABLE } from "./ground.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
/** Longer than the host waits for a plugin. */
const DEADLINE_MS = 20_000;

interface Heard {
  readonly told: string | undefined;
  readonly refused: string | undefined;
  readonly alive: boolean;
}

/** Runs Deno and reads the lines the attack and its host print. */
async function listen(args: readonly string[], ground: Ground): Promise<Heard> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-prompt", "--no-lock", "--no-check", "--unstable-worker-options", ...args],
    cwd: ROOT,
    env: { [VARIABLE]: ground.secret, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const input = child.stdin.getWriter();
  input.write(new TextEncoder().encode(`${ground.secret}\n`)).then(() => input.close()).catch(() => {});
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

/** Whether the attack gets through where nothing stands in its way. */
export async function succeedsUnprotected(attack: TypeScriptAttack): Promise<boolean> {
  await using ground = await Ground.prepare();
  const program = join(ground.target.folder, "program.mjs");
  await writeProgram(program, attack, ground.target);
  const flags = ["--no-config", "--allow-natives-syntax"].slice(0, 1);
  const { told, alive } = await listen([...flags, "--unstable-kv", "--unstable-net", program, "an-argument"], ground);
  // A process of nobody's making is the host; what prints no outcome has ended it.
  const answered = alive || told !== undefined;
  return await ground.taken(attack.evidence, told, answered) !== undefined;
}

/** Runs the attack as a plugin. */
export async function attackInside(attack: TypeScriptAttack, place: "worker" | "guard"): Promise<Outcome> {
  await using ground = await Ground.prepare();
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "redteam-host" }));
  try {
    await writePlugin(join(folder, "plugin"), attack, ground.target);
    await Deno.writeTextFile(
      join(folder, "attack.json"),
      JSON.stringify({ target: ground.target, permissions: grantedPermissions(attack, ground.target) }),
    );
    const { told, refused, alive } = await listen(["tests/redteam/host.ts", folder, place], ground);
    const taken = await ground.taken(attack.evidence, told, alive);
    const { id, title } = attack;
    if (taken === undefined) {
      return { id, title, place, state: "refused", by: firstLine(refused ?? "nothing was told"), works: undefined };
    }
    const state = place === "worker" && attack.gap !== undefined ? "gap" : "escaped";
    return { id, title, place, state, by: `it took ${taken}`, works: undefined };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function firstLine(text: string): string {
  return text.split("\n")[0]!.slice(0, 120);
}
