/** Shows what a plugin's manifest says, and what it would load. @module */
import { permissionKeys } from "../../permissions/values.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { Manifest, PluginPackage } from "../manifest/manifest.ts";
import { scanModules, type ScannedModule } from "../manifest/module_graph.ts";
import { discover } from "../manifest/discover.ts";
import { readManifest } from "../manifest/parse_manifest.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Outcome } from "./command.ts";
import { formatColumns } from "./columns.ts";
import { formatError } from "./print_error.ts";

/**
 * Describes a plugin; a module graph or a library that would be refused is described as such.
 *
 * @throws {CaissonError} when there is no manifest that can be read
 */
export async function inspectPlugin(path: string): Promise<Outcome> {
  const found = await readManifest(path);
  const { manifest } = found;
  const code = manifest.native === undefined ? await modulesOf(found) : await librariesOf(path);
  const requests = permissionKeys.flatMap((key) => {
    const asked = manifest.permissions?.[key];
    if (asked === undefined) return [];
    const reason = manifest.permissions?.reasons?.[key];
    return [{ key, values: asked, ...(reason === undefined ? {} : { reason }) }];
  });
  const text = [
    formatColumns(["plugin", `${manifest.name} ${manifest.version}`], [
      ...(manifest.description === undefined ? [] : [["description", quote(manifest.description)]]),
      ...(manifest.license === undefined ? [] : [["license", quote(manifest.license)]]),
      ["runtime", manifest.runtime],
      ["can bear", isolationText(manifest)],
      ["manifest", found.manifestFile],
      ["sha256", found.manifestSha256],
    ]),
    "",
    formatColumns(
      ["component", "name", "interface"],
      manifest.provides.map((each) => [
        each.kind,
        each.name,
        each.interface,
      ]),
    ),
    "",
    requests.length === 0 ? "It asks for no permission." : formatColumns(
      ["asks for", "values", "the author's reason"],
      requests.map(({ key, values, reason }) => [
        key,
        values === true ? "the operator decides" : values.map((value) => quote(value)).join(", "),
        reason === undefined ? "none given" : quote(reason),
      ]),
    ),
    "",
    code.text,
  ].join("\n");
  return {
    exit: 0,
    text,
    document: { folder: found.folder, sha256: found.manifestSha256, manifest, requests, ...code.document },
  };
}

function isolationText({ isolation = "either", native }: Manifest): string {
  const own = native === undefined ? "guard" : "runner";
  const here = native === undefined ? "worker" : "native";
  return isolation === "own-process" ? own : isolation === "in-process" ? here : `${own} or ${here}`;
}

interface Code {
  readonly text: string;
  readonly document: Readonly<Record<string, unknown>>;
}

async function modulesOf(found: PluginPackage): Promise<Code> {
  let modules: readonly ScannedModule[];
  try {
    ({ modules } = await scanModules(found));
  } catch (error) {
    return refused(error);
  }
  const rows = modules.map(({ file, bytes, sha256 }) => [file.slice(found.folder.length + 1), bytes, sha256]);
  return { text: formatColumns(["module", "bytes", "sha256"], rows), document: { modules } };
}

async function librariesOf(path: string): Promise<Code> {
  const { packages, refusals } = await discover({ plugins: [path] });
  if (refusals[0] !== undefined) return refused(refusals[0].error);
  const { native } = packages[0]!.manifest;
  const libraries = native?.libraries ?? {};
  const rows = Object.entries(libraries).map(([platform, { file, size, sha256 }]) => [platform, file, size, sha256]);
  return {
    text: `C ABI ${native?.abi}\n${formatColumns(["platform", "library", "bytes", "sha256"], rows)}`,
    document: { abi: native?.abi, libraries },
  };
}

/** What would keep it from being registered is worth seeing here, and no reason to show nothing. */
function refused(error: unknown): Code {
  if (!(error instanceof CaissonError)) throw error;
  return { text: formatError(error), document: { refusal: error } };
}
