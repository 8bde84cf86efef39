/** Whether the operator has decided about everything a plugin asks for. @module */
import { resolve } from "@std/path";
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import type { Manifest, PermissionRequests } from "../runtime/manifest/manifest.ts";
import { didYouMean } from "../runtime/manifest/schema_issue.ts";
import { quote } from "../runtime/manifest/untrusted_text.ts";
import { isInside } from "./effective.ts";
import type { Grant, Grants, PluginIsolation } from "./grants.ts";
import { type PermissionKey, permissionKeys } from "./values.ts";

/** What stands where the plugin leaves the choice to the operator. */
const placeholders: Readonly<Record<PermissionKey, string>> = {
  net: "HOST:PORT",
  read: "/PATH",
  write: "/PATH",
  env: "NAME",
  sys: "hostname",
};

/**
 * The values of one key that need a grant: a plugin may read its own folder without one.
 *
 * Paths come out absolute.
 */
export function requestedValues(
  requests: PermissionRequests | undefined,
  key: PermissionKey,
  pluginFolder: string,
): true | readonly string[] {
  const asked = requests?.[key];
  if (asked === undefined || asked === true) return asked ?? [];
  if (key !== "read" && key !== "write") return asked;
  const paths = asked.map((path) => absoluteRequest(key, path, pluginFolder));
  return key === "read" ? paths.filter((path) => !isInside(path, pluginFolder)) : paths;
}

/** A requested value as it compares with granted ones: relative paths start from the plugin's folder. */
export function absoluteRequest(key: PermissionKey, value: string, pluginFolder: string): string {
  return key === "read" || key === "write" ? resolve(pluginFolder, value) : value;
}

/** What {@linkcode checkGrants} looks at. */
export interface CheckGrantsOptions {
  /** The plugin's manifest. */
  readonly manifest: Manifest;
  /** The plugin's own folder. */
  readonly pluginFolder: string;
  /** What the operator allows. */
  readonly grants: Grants;
  /** Isolation to show in the line, where the operator has to name one too. */
  readonly isolation?: PluginIsolation | undefined;
}

/**
 * Checks that each requested permission is granted or refused on purpose.
 *
 * `false` in the grant is a decision: the plugin starts without the permission.
 *
 * @returns the plugin's grant
 * @throws {CaissonError} `CAISSON_GRANT_MISSING` that shows every missing request with its reason, and the line to add
 */
export function checkGrants(options: CheckGrantsOptions): Grant | undefined {
  const { manifest, pluginFolder, grants } = options;
  const grant = grants.plugins.get(manifest.name);
  const missing = permissionKeys
    .filter((key) => grant?.permissions?.[key] === undefined)
    .map((key) => ({
      key,
      values: requestedValues(manifest.permissions, key, pluginFolder),
    }))
    .filter(({ values }) => values === true || values.length > 0);
  if (missing.length === 0) return grant;
  throw new CaissonError("CAISSON_GRANT_MISSING", {
    subject: manifest.name,
    found: missing.map(({ key, values }) => describe(key, values, manifest.permissions?.reasons?.[key])).join("; "),
    allowed: `only what ${grants.file} grants`,
    action: advise(options, grant, missing) + misspelt(manifest.name, grants),
  });
}

interface Missing {
  readonly key: PermissionKey;
  readonly values: true | readonly string[];
}

function describe(
  key: PermissionKey,
  values: Missing["values"],
  reason: string | undefined,
): string {
  const what = values === true
    ? `${key} (it leaves to you which)`
    : `${key} ${values.map((value) => quote(value)).join(", ")}`;
  return `it asks for ${what} and is not granted it; the author's reason: ${quote(reason ?? "")}`;
}

/** The exact text to put into the grant file, valid JSON as far as it goes. */
function advise(
  { manifest, grants, isolation }: CheckGrantsOptions,
  grant: Grant | undefined,
  missing: readonly Missing[],
): string {
  const lists = Object.fromEntries(
    missing.map(({ key, values }) => [
      key,
      values === true ? [placeholders[key]] : values,
    ]),
  );
  const name = JSON.stringify(manifest.name);
  const refuse = `, or ${missing.map(({ key }) => `"${key}": false`).join(", ")} to refuse it`;
  if (grant?.permissions !== undefined) {
    return `Add to "permissions" of ${name} in ${grants.file}: ${inner(lists)}${refuse}.`;
  }
  const entry = grant === undefined
    ? {
      ...(isolation === undefined ? {} : { isolation }),
      permissions: lists,
    }
    : { permissions: lists };
  if (grant !== undefined) {
    return `Add to ${name} in ${grants.file}: ${inner(entry)}${refuse}.`;
  }
  return grants.present
    ? `Add to "plugins" in ${grants.file}: ${inner({ [manifest.name]: entry })}${refuse}.`
    : `Create ${grants.file} with: ${JSON.stringify({ grants: 1, plugins: { [manifest.name]: entry } })}${refuse}.`;
}

/** An entry under a name that is nearly the plugin's is probably meant for it. */
function misspelt(name: string, { plugins }: Grants): string {
  const meant = plugins.has(name) ? undefined : didYouMean(name, [...plugins.keys()]);
  return meant === undefined ? "" : ` There is an entry for ${JSON.stringify(meant)}: is it meant for this plugin?`;
}

/** The members of an object, without its braces. */
function inner(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value).slice(1, -1);
}
