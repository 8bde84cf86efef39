/** Runs an attack in TypeScript, without protection and inside a host. @module */
import { join } from "@std/path";
import type { Outcome, TypeScriptAttack } from "./attack.ts";
import { grantedPermissions, writePlugin, writeProgram } from "./attacking_plugin.ts";
import { Ground } from "./ground.ts";
import { runDeno, runHost, shortReason } from "./run_host.ts";

/** Whether the attack gets through where nothing stands in its way. */
export async function succeedsUnprotected(attack: TypeScriptAttack): Promise<boolean> {
  await using ground = await Ground.prepare();
  const program = join(ground.target.folder, "program.mjs");
  await writeProgram(program, attack, ground.target);
  const heard = await runDeno(
    ["--no-config", "--unstable-kv", "--unstable-net", program, "an-argument"],
    ground.secret,
  );
  // The program itself is the host here; what prints no outcome has ended it.
  return await ground.taken(attack.evidence, heard.told, heard.told !== undefined) !== undefined;
}

/** Runs the attack as a plugin. */
export async function attackInside(attack: TypeScriptAttack, place: "worker" | "guard"): Promise<Outcome> {
  await using ground = await Ground.prepare();
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "redteam-host" }));
  try {
    await Deno.chmod(folder, 0o755);
    await writePlugin(join(folder, "plugin"), attack, ground.target);
    const heard = await runHost(folder, {
      plugin: join(folder, "plugin"),
      name: "@redteam/attacker",
      component: "attacker",
      grant: { isolation: place, permissions: grantedPermissions(attack, ground.target) },
      config: { ...ground.target },
      patienceMs: 5000,
    }, ground.secret);
    const taken = await ground.taken(attack.evidence, heard.told, heard.alive);
    const { id, title } = attack;
    if (taken === undefined) {
      return { id, title, place, state: "refused", by: shortReason(heard.refused), works: undefined };
    }
    const state = place === "worker" && attack.gap !== undefined ? "gap" : "escaped";
    return { id, title, place, state, by: `it took ${taken}`, works: undefined };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
