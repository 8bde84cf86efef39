/** Runs an attack in C in a runner, with and without the sandbox. @module */
import { fromFileUrl, join } from "@std/path";
import { buildPlugin } from "../../ffi/build.ts";
import type { Outcome } from "./attack.ts";
import { Ground } from "./ground.ts";
import type { NativeAttack } from "./native_attacks.ts";
import { type Heard, runHost, shortReason } from "./run_host.ts";

const INTRUDER = fromFileUrl(new URL("./intruder", import.meta.url));

/** Builds the intruder when it has changed; the result is the folder to register. */
export async function buildIntruder(): Promise<string> {
  await buildPlugin({ folder: INTRUDER });
  return join(INTRUDER, "dist");
}

/** A copy of the sealed plugin that asks for what this attack needs; its library and digest are the same. */
async function copyPlugin(from: string, to: string, permissions: Record<string, string[]>): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isFile } of Deno.readDir(from)) {
    if (isFile) await Deno.copyFile(join(from, name), join(to, name));
  }
  if (Object.keys(permissions).length === 0) return;
  const file = join(to, "plugin.json");
  const reasons = Object.fromEntries(Object.keys(permissions).map((key) => [key, "to attack"]));
  const manifest = JSON.parse(await Deno.readTextFile(file));
  await Deno.writeTextFile(file, JSON.stringify({ ...manifest, permissions: { ...permissions, reasons } }));
}

interface Run {
  readonly heard: Heard;
  readonly taken: string | undefined;
}

async function run(attack: NativeAttack, plugin: string, unsandboxed: boolean): Promise<Run> {
  await using ground = await Ground.prepare();
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "redteam-host" }));
  try {
    await Deno.chmod(folder, 0o755);
    const permissions = Object.fromEntries(
      Object.entries(attack.granted ?? {}).map(([key, values]) => [
        key,
        values.map((value) => value.replaceAll("FOLDER", ground.target.folder)),
      ]),
    );
    const { unprotected: _, allowedPort: __, ...target } = ground.target;
    await copyPlugin(plugin, join(folder, "plugin"), permissions);
    const heard = await runHost(folder, {
      plugin: join(folder, "plugin"),
      name: "@redteam/intruder",
      component: "intruder",
      grant: { isolation: "runner", permissions, ...(unsandboxed ? { unsandboxed: true } : {}) },
      config: { ...target, attack: attack.id },
      patienceMs: 5000,
    }, ground.secret);
    return { heard, taken: await ground.taken(attack.evidence, heard.told, heard.alive) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Whether the attack gets through in a runner without a sandbox. */
export async function succeedsUnsandboxed(attack: NativeAttack, plugin: string): Promise<boolean> {
  return (await run(attack, plugin, true)).taken !== undefined;
}

/** Runs the attack in a sandboxed runner. */
export async function attackRunner(attack: NativeAttack, plugin: string): Promise<Outcome> {
  const { heard, taken } = await run(attack, plugin, false);
  const { id, title } = attack;
  return taken === undefined
    ? { id, title, place: "runner", state: "refused", by: shortReason(heard.refused), works: undefined }
    : { id, title, place: "runner", state: "escaped", by: `it took ${taken}`.slice(0, 110), works: undefined };
}
