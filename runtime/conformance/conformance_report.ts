/** What a conformance run found. @module */
import type { PluginIsolation } from "../../permissions/grants.ts";

/** One check of one component. */
export interface ConformanceCheck {
  /** Component, as the manifest names it. */
  readonly component: string;
  /** Where it ran; two isolations joined with ` = ` where one was compared with the other; empty where none was started. */
  readonly isolation: string;
  /** What was checked, a short sentence. */
  readonly check: string;
  /** Whether the component does what the contract asks. */
  readonly ok: boolean;
  /** Figures when it passed, the reason when it did not. */
  readonly detail: string;
}

/** Everything a run found. */
export interface ConformanceReport {
  /** Name of the plugin. */
  readonly plugin: string;
  /** Its version. */
  readonly version: string;
  /** Whether every check passed, and there was at least one for each component. */
  readonly ok: boolean;
  /** Isolations the components ran in. */
  readonly isolations: readonly PluginIsolation[];
  /** Every check, in the order it ran. */
  readonly checks: readonly ConformanceCheck[];
}
