/**
 * Writes `docs/errors.md` from the code lists in `runtime/errors/`.
 *
 *     deno run --allow-read --allow-write=docs scripts/generate_errors_page.ts [--check]
 *
 * With `--check` nothing is written; the exit code is 1 when the page is not what would be written.
 * @module
 */
import { commandCodes } from "../runtime/errors/command_codes.ts";
import { type CodeEntry, codes } from "../runtime/errors/codes.ts";
import { connectorCodes } from "../runtime/errors/connector_codes.ts";
import { controlCodes } from "../runtime/errors/control_codes.ts";
import { flowCodes } from "../runtime/errors/flow_codes.ts";
import { manifestCodes } from "../runtime/errors/manifest_codes.ts";
import { nativeCodes } from "../runtime/errors/native_codes.ts";
import { permissionCodes } from "../runtime/errors/permission_codes.ts";
import { writeGenerated } from "./write_generated.ts";

const areas: readonly (readonly [string, Readonly<Record<string, CodeEntry>>])[] = [
  ["Manifests and registration", manifestCodes],
  ["Permissions and isolation", permissionCodes],
  ["Native plugins", nativeCodes],
  ["Flows and pipelines", flowCodes],
  ["Connectors and codecs", connectorCodes],
  ["Control", controlCodes],
  ["Command line", commandCodes],
];

const exits: Readonly<Record<CodeEntry["exit"], string>> = {
  1: "failure",
  2: "usage",
  3: "refused plugin",
  4: "missing permission",
};

const head = `# Errors

<!-- Written by scripts/generate_errors_page.ts; change the texts in runtime/errors/. -->

Every error of Caisson is a \`CaissonError\` with a stable \`code\`. Its message names what it is about, what was found and
what would have been accepted; its \`action\` says what to do next and is more exact than this page where it can be. With
\`--json\` the command line prints these parts as \`code\`, \`subject\`, \`found\`, \`allowed\` and \`action\`.

Exit codes of the command line: 0 done, 1 failure, 2 usage, 3 refused plugin, 4 missing permission.
`;

/** The page. */
export function errorsPage(): string {
  const listed = new Set<string>();
  const parts = [head];
  for (const [title, list] of areas) {
    parts.push(`\n## ${title}\n`);
    for (const [code, { exit, meaning, action }] of Object.entries(list)) {
      listed.add(code);
      parts.push(`\n### \`${code}\`\n\n${meaning}\n\n- What to do: ${action}\n- Exit code: ${exit} (${exits[exit]})\n`);
    }
  }
  const forgotten = Object.keys(codes).filter((code) => !listed.has(code));
  if (forgotten.length > 0) parts.push(`\n## Other\n\n${forgotten.map((code) => `- \`${code}\``).join("\n")}\n`);
  return parts.join("");
}

if (import.meta.main) {
  const page = new URL("../docs/errors.md", import.meta.url);
  Deno.exitCode = await writeGenerated([[page, errorsPage()]], Deno.args.includes("--check"));
}
