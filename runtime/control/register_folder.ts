/** Registers the plugin in one folder while flows run. @module */
import type { AuditLog } from "../../permissions/audit_log.ts";
import type { Grants } from "../../permissions/grants.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import { discover } from "../manifest/discover.ts";
import { recordRefusals } from "../record_plugins.ts";
import type { RegisteredPlugin } from "../registered_plugin.ts";
import type { Repository } from "../repository.ts";

/** What {@linkcode registerFolder} needs. */
export interface RegisterFolderOptions {
  /** Folder of the plugin. */
  readonly folder: string;
  /** What the operator grants. */
  readonly grants: Grants;
  /** Where it is registered, or refused. */
  readonly repository: Repository;
  /** What is done is recorded here. */
  readonly audit: AuditLog;
}

/**
 * Checks and registers one plugin.
 *
 * @throws {CaissonError} why it is refused
 */
export async function registerFolder(options: RegisterFolderOptions): Promise<RegisteredPlugin> {
  const { folder, grants, repository, audit } = options;
  const { packages: [found], refusals } = await discover({ plugins: [folder] });
  let { folder: at, error } = refusals[0] ?? { folder, error: undefined };
  if (found !== undefined) {
    at = found.folder;
    try {
      const plugin = await repository.register(found, grants);
      const { name, version } = found.manifest;
      audit.write({ kind: "register", plugin: name, version, cause: `found in ${at}` });
      return plugin;
    } catch (thrown) {
      if (!(thrown instanceof CaissonError)) throw thrown;
      error = thrown;
    }
  }
  error ??= new CaissonError("CAISSON_MANIFEST_NOT_FOUND", { subject: folder, found: "no manifest" });
  repository.refuse(at, error);
  recordRefusals(audit, repository.refusals.filter((each) => each.folder === at));
  throw error;
}
