/** `caisson grant PLUGIN`. @module */
import { openAuditLog } from "../../permissions/audit_log.ts";
import { requestedValues } from "../../permissions/check_grants.ts";
import { editGrants, type WrittenGrant, type WrittenPermissions, writtenValue } from "../../permissions/edit_grants.ts";
import type { PluginIsolation } from "../../permissions/grants.ts";
import { stateFolders } from "../../permissions/state_folder.ts";
import { type PermissionKey, permissionKeys, valueProblem } from "../../permissions/values.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { PluginPackage } from "../manifest/manifest.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Invocation, Outcome } from "./command.ts";
import { findPlugin } from "./find_plugin.ts";
import { usage } from "./parse_words.ts";
import { givenPermissions } from "./given_permissions.ts";
import { discoverAll, findSources } from "./sources.ts";
import { standardError } from "./terminal.ts";

/** What a plugin asks for under one key. */
interface Request {
  readonly key: PermissionKey;
  readonly values: true | readonly string[];
  readonly reason: string;
}

/** Writes what the operator decides into the grant file; asks on a terminal when nothing was decided yet. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const [name = ""] = invocation.positionals;
  const sources = await findSources(invocation);
  const file = sources.grants;
  const found = findPlugin(name, (await discoverAll(sources)).packages, "grant");
  const requests = requestsOf(found);
  const decided = decisions(invocation, requests, file);
  const isolation = isolationOf(invocation);
  const flow = invocation.text("flow");
  const unsandboxed = invocation.flag("unsandboxed");
  const said = decided.size > 0 || isolation !== undefined || unsandboxed;
  if (!said && requests.length > 0) ask(requests, name, file, decided);
  const dryRun = invocation.flag("dry-run");
  const { text, changes } = await editGrants({
    file,
    plugin: name,
    dryRun,
    edit: (entry = {}) => {
      const permissions = Object.fromEntries(decided) as WrittenPermissions;
      const own: WrittenGrant = {
        ...entry,
        ...(isolation === undefined ? {} : { isolation }),
        ...(unsandboxed ? { unsandboxed } : {}),
      };
      if (flow === undefined) return { ...own, permissions: { ...entry.permissions, ...permissions } };
      const narrowed = { permissions: { ...entry.flows?.[flow]?.permissions, ...permissions } };
      return { ...own, flows: { ...entry.flows, [flow]: narrowed } };
    },
  });
  if (!dryRun && changes.length > 0) {
    using audit = openAuditLog({ folder: stateFolders(file).audit });
    audit.write({ kind: "grant", plugin: name, changes, file });
  }
  return {
    exit: 0,
    text: dryRun ? text.trimEnd() : [
      `${name} in ${file}${changes.length === 0 ? ": nothing is different" : ""}`,
      ...changes.map((change) => `  ${change}`),
      ...(changes.length === 0 ? [] : ["  a host that runs follows within a second or two"]),
    ].join("\n"),
    document: dryRun ? JSON.parse(text) : { plugin: name, file, changes },
  };
}

function requestsOf({ manifest, folder }: PluginPackage): Request[] {
  return permissionKeys.flatMap((key) => {
    const values = requestedValues(manifest.permissions, key, folder);
    const reason = quote(manifest.permissions?.reasons?.[key] ?? "");
    return values === true || values.length > 0 ? [{ key, values, reason }] : [];
  });
}

/** What the command line decides. */
function decisions(
  invocation: Invocation,
  requests: readonly Request[],
  file: string,
): Map<PermissionKey, false | readonly string[]> {
  const decided = new Map<PermissionKey, false | readonly string[]>();
  const need = (key: PermissionKey): Request => {
    const request = requests.find((each) => each.key === key);
    if (request !== undefined) return request;
    const asked = requests.map((each) => each.key).join(", ");
    throw usage({ name: "grant" }, `--${key}, which the plugin does not ask for`, asked === "" ? "nothing" : asked);
  };
  if (invocation.flag("all")) {
    for (const { key, values } of requests) {
      if (values === true) {
        throw usage({ name: "grant" }, `--all, but the plugin leaves ${key} to you`, `--${key} with exact values`);
      }
      decided.set(key, values.map((value) => writtenValue(key, value, file)));
    }
  }
  for (const [key, values] of givenPermissions(invocation, "grant")) {
    need(key);
    decided.set(key, values.map((value) => writtenValue(key, value, file)));
  }
  for (const text of invocation.list("refuse")) {
    const key = permissionKeys.find((each) => each === text);
    if (key === undefined) throw usage({ name: "grant" }, `--refuse ${quote(text)}`, permissionKeys.join(", "));
    decided.set(need(key).key, false);
  }
  return decided;
}

const isolations: readonly PluginIsolation[] = ["guard", "worker", "runner", "native"];

function isolationOf(invocation: Invocation): PluginIsolation | undefined {
  const text = invocation.text("isolation");
  const isolation = isolations.find((each) => each === text);
  if (text !== undefined && isolation === undefined) {
    throw usage({ name: "grant" }, `--isolation ${quote(text)}`, isolations.join(", "));
  }
  return isolation;
}

/** Asks about each request. Where nobody can answer, nothing is granted. */
function ask(
  requests: readonly Request[],
  name: string,
  file: string,
  decided: Map<PermissionKey, false | readonly string[]>,
): void {
  if (!Deno.stdin.isTerminal() || !standardError.terminal) {
    const all = requests.map(({ key, values }) => `--${key}=${values === true ? "…" : values.join(",")}`).join(" ");
    throw new CaissonError("CAISSON_GRANT_MISSING", {
      subject: name,
      found: requests.map(({ key, values, reason }) =>
        `it asks for ${described(key, values)}; the author's reason: ${reason}`
      )
        .join("; "),
      allowed: "decisions on the command line, where there is no terminal to ask on",
      action: `Run: caisson grant ${name} ${all}`,
    });
  }
  standardError.write(`${name} asks for what follows. Reasons are its author's words. An empty answer refuses.\n`);
  for (const { key, values, reason } of requests) {
    standardError.write(`\n${described(key, values)}\n  the author's reason: ${reason}\n`);
    decided.set(key, values === true ? askWhich(key, file) : askWhether(values.map((v) => writtenValue(key, v, file))));
  }
}

function askWhether(values: readonly string[]): false | readonly string[] {
  return /^y(?:es)?$/i.test((prompt("grant it? [y/N]") ?? "").trim()) ? values : false;
}

function askWhich(key: PermissionKey, file: string): false | readonly string[] {
  for (;;) {
    const given = (prompt(`which ${key}, separated by commas?`) ?? "").split(",").map((each) => each.trim())
      .filter(Boolean);
    const problem = given.map((value) => valueProblem(key, value)).find((each) => each !== undefined);
    if (problem === undefined) return given.length === 0 ? false : given.map((each) => writtenValue(key, each, file));
    standardError.write(`  ${problem}\n`);
  }
}

function described(key: PermissionKey, values: true | readonly string[]): string {
  return values === true
    ? `${key}, and leaves it to you which`
    : `${key} ${values.map((each) => quote(each)).join(", ")}`;
}
