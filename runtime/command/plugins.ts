/** `caisson plugins`. @module */
import { readGrants } from "../../permissions/grants.ts";
import { lockChanges } from "../../permissions/lock_changes.ts";
import { readLock } from "../../permissions/lock.ts";
import type { RegisteredPlugin } from "../registered_plugin.ts";
import type { Invocation, Outcome } from "./command.ts";
import { formatColumns } from "./columns.ts";
import { levelOf, permissionsText } from "./permissions_text.ts";
import { newRepository } from "./plan.ts";
import { formatError } from "./print_error.ts";
import { discoverAll, findSources } from "./sources.ts";
import { standardOutput } from "./terminal.ts";

/** Lists what can be used and what was refused. */
export async function execute(invocation: Invocation): Promise<Outcome> {
  const sources = await findSources(invocation);
  const repository = newRepository(invocation);
  await repository.registerAll(await discoverAll(sources), await readGrants(sources.grants));
  const { registered, refusals } = repository;
  const locked = (await readLock(sources.lock)).plugins;
  const waiting = [...locked].flatMap(([name, entry]) => {
    const { pending, approved } = entry;
    return pending === undefined ? [] : [{ name, pending, approved, changes: lockChanges(entry, pending) }];
  });
  const rows = registered.map((plugin) => [
    plugin.package.manifest.name,
    plugin.package.manifest.version,
    originOf(plugin),
    plugin.package.manifest.provides.map(({ kind, name }) => `${kind} ${name}`).join(", "),
    plugin.isolation,
    levelOf(plugin),
    permissionsText(plugin.permissions),
  ]);
  const text = [
    registered.length === 0
      ? "No plugin is registered."
      : formatColumns(["plugin", "version", "from", "provides", "isolation", "level", "may touch"], rows),
    ...registered.flatMap(({ package: { manifest }, differences }) =>
      differences.map((difference) => `${manifest.name}: ${difference.text}`)
    ),
    ...waiting.flatMap(({ name, pending, approved, changes }) => [
      "",
      `${name} ${pending.version} waits for approval; ${approved.version} goes on running`,
      ...changes.map(({ text }) => `  ${text}`),
      `  next: caisson approve ${name} ${pending.hash}`,
    ]),
    ...(refusals.length === 0 ? [] : ["", `Refused: ${refusals.length}`]),
    ...refusals.map(({ folder, manifest, error }) =>
      `\n${manifest?.name ?? folder}\n${formatError(error, standardOutput.colour)}`
    ),
  ].join("\n");
  return {
    exit: 0,
    text,
    document: {
      registered: registered.map(describe),
      pending: waiting.map(({ name, pending, changes }) => ({ name, ...pending, changes })),
      refused: refusals.map(({ folder, manifest, error }) => ({ folder, name: manifest?.name, error })),
      grants: sources.grants,
    },
  };
}

/** The hash of an installed plugin, as far as it tells two apart; a folder is looked at anew each time. */
function originOf({ package: { treeHash } }: RegisteredPlugin): string {
  return treeHash === undefined ? "folder" : treeHash.slice(0, "sha256-".length + 8);
}

function describe(
  { package: found, isolation, unsandboxed, permissions, differences, modules, library }: RegisteredPlugin,
): unknown {
  const { name, version, provides } = found.manifest;
  return {
    name,
    version,
    folder: found.folder,
    ...(found.treeHash === undefined ? {} : { hash: found.treeHash }),
    provides: provides.map((each) => ({ kind: each.kind, name: each.name, interface: each.interface })),
    isolation,
    level: levelOf({ isolation, unsandboxed }),
    permissions,
    differences,
    manifest: { file: found.manifestFile, sha256: found.manifestSha256 },
    ...(modules === undefined ? {} : { modules }),
    ...(library === undefined ? {} : { library }),
  };
}
