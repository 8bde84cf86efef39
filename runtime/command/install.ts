/** `caisson install SPEC…`. @module */
import { grantsName } from "../../permissions/grants.ts";
import { openAuditLog } from "../../permissions/audit_log.ts";
import { lockFileOf } from "../../permissions/lock_name.ts";
import { permissionKeys } from "../../permissions/values.ts";
import { stateFolders } from "../../permissions/state_folder.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { type Installed, installPlugin, restorePlugins } from "../install.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { Invocation, Outcome } from "./command.ts";
import { usage } from "./parse_words.ts";

/** Installs packages, one after the other. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const { positionals } = invocation;
  const hash = invocation.text("hash");
  if (hash !== undefined && positionals.length > 1) {
    throw usage({ name: "install" }, "--hash with several packages", "one");
  }
  const grants = invocation.text("grants") ?? grantsName;
  const { store, audit: folder } = stateFolders(grants);
  using audit = openAuditLog({ folder });
  if (positionals.length === 0) {
    const restored = await restorePlugins({ lock: lockFileOf(grants), store, audit });
    const text = restored.length === 0 ? "Everything caisson.lock names is there." : `fetched: ${restored.join(", ")}`;
    return { exit: 0, text, document: { restored } };
  }
  const done: Installed[] = [];
  for (const spec of positionals) {
    const downgrade = invocation.flag("downgrade");
    try {
      done.push(await installPlugin({ spec, hash, downgrade, lock: lockFileOf(grants), store, audit }));
    } catch (error) {
      if (error instanceof CaissonError) {
        audit.write({ kind: "refuse", plugin: spec, folder: spec, code: error.code, cause: error.found });
      }
      throw error;
    }
  }
  return {
    exit: done.some(({ state }) => state === "pending") ? 4 : 0,
    text: done.map(describe).join("\n\n"),
    document: {
      installed: done.map(({ state, manifest, version, changes }) => ({
        name: manifest.name,
        state,
        ...version,
        changes,
      })),
    },
  };
}

function describe({ state, manifest, version, before, changes }: Installed): string {
  const { name } = manifest;
  const title = `${name} ${version.version} ${version.hash}`;
  switch (state) {
    case "unchanged":
      return `${title}\n  is installed already`;
    case "installed":
      return [title, ...asks(manifest), "  installed; nothing of it has run", ...nextSteps(manifest)].join("\n");
    case "approved":
      return [title, ...changes.map(({ text }) => `  ${text}`), `  approved in place of ${before!.version}`].join("\n");
    case "pending":
      return [
        title,
        ...changes.map(({ text }) => `  ${text}`),
        `  waits for your approval; ${before!.version} goes on running`,
        `  next: caisson approve ${name} ${version.hash}`,
      ].join("\n");
  }
}

function asks({ permissions }: Installed["manifest"]): string[] {
  return permissionKeys.flatMap((key) => {
    const asked = permissions?.[key];
    if (asked === undefined) return [];
    const values = asked === true ? "you decide which" : asked.map((value) => quote(value)).join(", ");
    return [`  asks for ${key}: ${values}; the author's reason: ${quote(permissions?.reasons?.[key] ?? "")}`];
  });
}

function nextSteps({ name, permissions }: Installed["manifest"]): string[] {
  return permissions === undefined ? [] : [`  next: caisson grant ${name}`];
}
