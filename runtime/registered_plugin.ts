/** A plugin that may be launched. @module */
import type { Descriptor } from "../ffi/descriptor.ts";
import type { Difference, EffectivePermissions } from "../permissions/effective.ts";
import type { PluginIsolation } from "../permissions/grants.ts";
import type { Supervision } from "./manifest/supervision.ts";
import type { PluginPackage } from "./manifest/manifest.ts";
import type { ScannedModule } from "./manifest/module_graph.ts";
import type { CheckedFile } from "./manifest/verify_unchanged.ts";

/** A plugin that passed every check; none of its code has run. */
export interface RegisteredPlugin {
  /** Folder and manifest. */
  readonly package: PluginPackage;
  /** Where its code will run. */
  readonly isolation: PluginIsolation;
  /** What it may touch. */
  readonly permissions: EffectivePermissions;
  /** What it may touch in flows for which the operator allows less, by name of flow. */
  readonly flowPermissions: ReadonlyMap<string, EffectivePermissions>;
  /** Whether the operator lets native code run where no sandbox binds it. */
  readonly unsandboxed: boolean;
  /** How the operator has its processes watched, where a flow says nothing else. */
  readonly supervision: Supervision;
  /** What was asked for or granted and is not effective, with the reason. */
  readonly differences: readonly Difference[];
  /** TypeScript: every module it loads; the entry comes first. */
  readonly modules?: readonly ScannedModule[];
  /** Native: the library that was checked. */
  readonly library?: CheckedFile;
  /** Native: what the library says about itself. */
  readonly descriptor?: Descriptor;
  /** Configuration files in its folder that the host ignores, relative to it. */
  readonly ignored: readonly string[];
}
