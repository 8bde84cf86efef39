/** `caisson why PLUGIN PERMISSION VALUE`. @module */
import { resolve } from "@std/path";
import { explainPermission, type Step } from "../../permissions/explain.ts";
import { readGrants } from "../../permissions/grants.ts";
import { type PermissionKey, permissionKeys, valueProblem } from "../../permissions/values.ts";
import { jsonPlaces } from "../manifest/json_places.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Invocation, Outcome } from "./command.ts";
import { shownPath } from "./deno_line.ts";
import { findPlugin } from "./find_plugin.ts";
import { usage } from "./parse_words.ts";
import { discoverAll, findSources } from "./sources.ts";

/** Says who allows or refuses one thing, in which file and line. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const [name = "", key = "", given = ""] = invocation.positionals;
  const sources = await findSources(invocation);
  const value = exactValue(key, given);
  const found = findPlugin(name, (await discoverAll(sources)).packages, "why");
  const grants = await readGrants(sources.grants);
  const { allowed, steps } = await explainPermission({
    key,
    value,
    manifest: found.manifest,
    manifestFile: found.manifestFile,
    placeOf: jsonPlaces(await Deno.readTextFile(found.manifestFile)),
    pluginFolder: found.folder,
    grants,
    flow: invocation.text("flow"),
  });
  const answer = `${name} ${allowed ? "may" : "may not"}: ${key} ${quoted(value)}`;
  return {
    exit: allowed ? 0 : 4,
    text: [answer, ...steps.map(stepText)].join("\n"),
    document: { plugin: name, key, value, allowed, steps },
  };
}

function stepText({ allows, text, file, place }: Step): string {
  const where = file === undefined ? "" : ` (${shownPath(file)}${place === undefined ? "" : `:${place.line}`})`;
  return `  ${allows ? "allows " : "refuses"} ${text}${where}`;
}

function quoted(value: string): string {
  return /^[\w.:/@[\]-]+$/.test(value) ? value : quote(value);
}

/** The value as it is compared: paths absolute. */
function exactValue(key: string, value: string): string {
  if (!(permissionKeys as readonly string[]).includes(key)) return value;
  const exact = key === "read" || key === "write" ? resolve(value) : value;
  const problem = valueProblem(key as PermissionKey, exact);
  if (problem === undefined) return exact;
  throw usage({ name: "why" }, `${key} ${quote(value)}, ${problem}`, "one exact value");
}
