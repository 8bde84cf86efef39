/** Who allows or refuses one thing a plugin might do, in which file and line. @module */
import type { Manifest } from "../runtime/manifest/manifest.ts";
import type { JsonPath, Place } from "../runtime/manifest/json_places.ts";
import { quote } from "../runtime/manifest/untrusted_text.ts";
import { absoluteRequest } from "./check_grants.ts";
import { comparison, isInside } from "./effective.ts";
import type { GrantedPermissions, Grants } from "./grants.ts";
import { realPathOf } from "./real_path.ts";
import { isAddress, isSpecial } from "./special_addresses.ts";
import { neverGranted, parseNet, type PermissionKey, permissionKeys } from "./values.ts";

/** What one side says about it. */
export interface Step {
  /** Who. */
  readonly by: "rule" | "manifest" | "grant" | "flow";
  /** Whether it stands in the way. */
  readonly allows: boolean;
  /** What is said there, one sentence without a full stop; text of the author's stands in quotes. */
  readonly text: string;
  /** Where. */
  readonly file?: string;
  /** Where in the file. */
  readonly place?: Place;
}

/** The whole answer. */
export interface Explanation {
  /** Whether the plugin may. */
  readonly allowed: boolean;
  /** Everyone who was asked; after the first that refuses nobody is. */
  readonly steps: readonly Step[];
}

/** What {@linkcode explainPermission} is asked. */
export interface Question {
  /** Permission; also `run`, `ffi` and `import`, which nobody is granted. */
  readonly key: string;
  /** Host, absolute path, variable or kind. */
  readonly value: string;
  /** The plugin's manifest. */
  readonly manifest: Manifest;
  /** Its file. */
  readonly manifestFile: string;
  /** Where something stands in that file. */
  readonly placeOf?: (path: JsonPath) => Place | undefined;
  /** The plugin's own folder. */
  readonly pluginFolder: string;
  /** What the operator allows. */
  readonly grants: Grants;
  /** In this flow. @default {in no flow in particular} */
  readonly flow?: string | undefined;
}

/** Finds out whether a plugin may do something, from the same rules that are enforced. */
export async function explainPermission(question: Question): Promise<Explanation> {
  const steps: Step[] = [];
  for await (const step of ask(question)) {
    steps.push(step);
    // The rule that allows needs nobody else.
    if (!step.allows || step.by === "rule") break;
  }
  return { allowed: steps.every(({ allows }) => allows), steps };
}

async function* ask(question: Question): AsyncGenerator<Step> {
  const { key, value, manifest, grants, flow, pluginFolder } = question;
  if (Object.hasOwn(neverGranted, key)) {
    return yield { by: "rule", allows: false, text: neverGranted[key as keyof typeof neverGranted] };
  }
  if (!isKey(key)) return yield { by: "rule", allows: false, text: `${key} is no permission of Deno's` };
  if (key === "read" && isInside(await realPathOf(value), pluginFolder)) {
    return yield { by: "rule", allows: true, text: "every plugin may read its own folder" };
  }
  yield await fromManifest(question, key);
  const grant = grants.plugins.get(manifest.name);
  const path = ["plugins", manifest.name];
  yield await fromGrant(question, key, grant?.permissions, { by: "grant", path: [...path, "permissions"] });
  const flows = grant?.flows ?? {};
  const narrowed = flow !== undefined && Object.hasOwn(flows, flow) ? flows[flow] : undefined;
  if (narrowed?.permissions[key] !== undefined) {
    yield await fromGrant(question, key, narrowed.permissions, {
      by: "flow",
      path: [...path, "flows", flow!, "permissions"],
    });
  }
}

async function fromManifest(question: Question, key: PermissionKey): Promise<Step> {
  const { manifest, manifestFile: file, placeOf, pluginFolder, value } = question;
  const asked = manifest.permissions?.[key];
  const at = (path: JsonPath) => placed(file, placeOf?.(path));
  const step = { by: "manifest" as const };
  if (asked === undefined) {
    return { ...step, allows: false, text: `the plugin does not ask for ${key}`, ...at(["permissions"]) };
  }
  const reason = `the author's reason: ${quote(manifest.permissions?.reasons?.[key] ?? "")}`;
  if (asked === true) {
    const text = `the plugin asks for ${key} and leaves it to you which; ${reason}`;
    return { ...step, allows: true, text, ...at(["permissions", key]) };
  }
  const absolute = asked.map((each) => absoluteRequest(key, each, pluginFolder));
  const found = await covering(key, value, absolute);
  if (found < 0) {
    const text = `the plugin asks for ${key} ${asked.map((each) => quote(each)).join(", ")} only`;
    return { ...step, allows: false, text, ...at(["permissions", key]) };
  }
  const text = `the plugin asks for ${key} ${quote(asked[found]!)}; ${reason}`;
  return { ...step, allows: true, text, ...at(["permissions", key, found]) };
}

async function fromGrant(
  { value, grants, manifest }: Question,
  key: PermissionKey,
  permissions: GrantedPermissions | undefined,
  { by, path }: { readonly by: "grant" | "flow"; readonly path: JsonPath },
): Promise<Step> {
  const { file, placeOf, present } = grants;
  const granted = permissions?.[key];
  const at = (...more: (string | number)[]) => placed(file, placeOf?.([...path, ...more]));
  if (granted === undefined) {
    const what = !present
      ? "there is no grant file"
      : permissions === undefined
      ? `the operator has granted ${manifest.name} nothing`
      : `the operator has not said anything about ${key}`;
    return { by, allows: false, text: what, ...present ? at() : { file } };
  }
  if (granted === false) return { by, allows: false, text: `the operator refuses ${key} on purpose`, ...at(key) };
  const found = await covering(key, value, granted);
  if (found >= 0) {
    const text = `the operator grants ${key} ${granted[found]}${behindName(key, value)}`;
    return { by, allows: true, text, ...at(key, found) };
  }
  const only = granted.length === 0 ? `nothing of ${key}` : `${key} ${granted.join(", ")} only`;
  return { by, allows: false, text: `the operator grants ${only}${hint(key, value, granted)}`, ...at(key) };
}

/** What a guard is refused although the name is granted. */
function behindName(key: PermissionKey, value: string): string {
  const address = key === "net" ? parseNet(value) : "";
  return typeof address === "string" || isAddress(address.host)
    ? ""
    : "; a guard is refused it where the name leads to a private or special address";
}

/** A name that is granted does not stand for the addresses behind it. */
function hint(key: PermissionKey, value: string, granted: readonly string[]): string {
  if (key !== "net") return "";
  const address = parseNet(value);
  const names = granted.some((each) => {
    const parsed = parseNet(each);
    return typeof parsed !== "string" && !isAddress(parsed.host);
  });
  return typeof address !== "string" && isSpecial(address.host) && names
    ? "; private and special addresses are denied behind granted names too, unless granted as addresses"
    : "";
}

async function covering(key: PermissionKey, value: string, lists: readonly string[]): Promise<number> {
  const compare = await comparison(key, [value, ...lists]);
  return lists.findIndex((each) => compare.within(value, each));
}

function placed(file: string, place: Place | undefined): { readonly file: string; readonly place?: Place } {
  return place === undefined ? { file } : { file, place };
}

function isKey(key: string): key is PermissionKey {
  return (permissionKeys as readonly string[]).includes(key);
}
