/** Writes an attack down as a plugin, and as a program that runs it without any protection. @module */
import { join } from "@std/path";
import type { Target, TypeScriptAttack } from "./attack.ts";

function substitute(text: string, target: Target): string {
  return text
    .replaceAll("SECRET", `file://${target.secretFile}`)
    .replaceAll("FOLDER", target.folder)
    .replaceAll("ALLOWED", `127.0.0.1:${target.allowedPort}`);
}

function attackFunction({ header = "", code }: TypeScriptAttack, target: Target): string {
  return `// deno-lint-ignore-file
${substitute(header, target)}
// Computed: a specifier that can be read is refused before the plugin is registered.
const builtin = (name) => ["node", name].join(":");
async function attack(target) {
${substitute(code, target)}
}
async function outcome(target) {
  try {
    const took = await attack(target);
    return { took: typeof took === "string" ? took : JSON.stringify(took) ?? "done" };
  } catch (error) {
    return { refused: \`\${error?.name}: \${error?.message}\` };
  }
}
`;
}

/** Permissions an attack was granted, with the real paths and ports. */
export function grantedPermissions({ granted = {} }: TypeScriptAttack, target: Target): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(granted).map(([key, values]) => [key, values.map((value) => substitute(value, target))]),
  );
}

/** Writes a plugin whose only source runs the attack once and gives what came of it as its only event. */
export async function writePlugin(folder: string, attack: TypeScriptAttack, target: Target): Promise<void> {
  const requests = grantedPermissions(attack, target);
  const reasons = Object.fromEntries(Object.keys(requests).map((key) => [key, "to attack"]));
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(
    join(folder, "plugin.json"),
    JSON.stringify({
      manifest: 1,
      name: "@redteam/attacker",
      version: "1.0.0",
      runtime: "^0.1.0",
      provides: [{ kind: "source", name: "attacker", interface: "source@1.0", config: { type: "object" } }],
      module: "./mod.js",
      ...(Object.keys(requests).length === 0 ? {} : { permissions: { ...requests, reasons } }),
    }),
  );
  await Deno.writeTextFile(
    join(folder, "mod.js"),
    `${attackFunction(attack, target)}
let attacked = false;
export default { attacker: ({ config }) => ({ async read() {
  if (attacked) return { kind: "finished" };
  attacked = true;
  return { kind: "events", values: [await outcome(config)] };
} }) };
`,
  );
}

/** Writes a program that runs the attack with everything allowed. */
export async function writeProgram(file: string, attack: TypeScriptAttack, target: Target): Promise<void> {
  await Deno.writeTextFile(
    file,
    `${attackFunction(attack, target)}
const result = await outcome(${JSON.stringify({ ...target, unprotected: true })});
console.log("OUTCOME " + JSON.stringify(result));
Deno.exit(0);
`,
  );
}
