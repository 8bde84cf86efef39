/** A folder with a plugin to install, and a place to install it to. @module */
import { join } from "@std/path";
import { type AuditEvent, noAuditLog } from "../../permissions/audit_log.ts";
import { removeTree } from "../../permissions/store.ts";
import { type Installed, type InstallOptions, installPlugin } from "../../runtime/install.ts";
import { manifest, plainModule, temporaryFolder } from "../manifest/plugin_folder.ts";

/** Name of the plugin. */
export const name = "@acme/clickstream";

/** A place to install to, and a plugin beside it. */
export interface InstallFixture extends AsyncDisposable {
  /** Folder of everything. */
  readonly folder: string;
  /** Folder of the plugin. */
  readonly plugin: string;
  /** Lock, store and audit log. */
  readonly places: { readonly lock: string; readonly store: string; readonly audit: typeof noAuditLog };
  /** What was recorded. */
  readonly events: AuditEvent[];
  /** Writes a file of the plugin. */
  write(path: string, content: string | object): Promise<string>;
  /** Writes the plugin's manifest. */
  version(version: string, changes?: Record<string, unknown>): Promise<string>;
  /** Installs the plugin. */
  install(options?: Partial<InstallOptions>): Promise<Installed>;
}

/** Makes a plugin of version 1.0.0 that is not installed yet. */
export async function installFixture(): Promise<InstallFixture> {
  const folder = await temporaryFolder();
  const plugin = join(folder.path, "source");
  const events: AuditEvent[] = [];
  const audit = { ...noAuditLog, write: (event: AuditEvent) => void events.push(event) };
  const store = join(folder.path, ".caisson", "store");
  const places = { lock: join(folder.path, "caisson.lock"), store, audit };
  const write = (path: string, content: string | object) => folder.write(join("source", path), content);
  const version = (text: string, changes: Record<string, unknown> = {}) =>
    write("plugin.json", manifest({ version: text, ...changes }));
  await version("1.0.0");
  await write("mod.ts", plainModule);
  return {
    folder: folder.path,
    plugin,
    places,
    events,
    write,
    version,
    install: (options = {}) => installPlugin({ spec: plugin, ...places, ...options }),
    async [Symbol.asyncDispose]() {
      await removeTree(store);
      await folder[Symbol.asyncDispose]();
    },
  };
}
