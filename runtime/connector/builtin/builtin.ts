/** What each builtin component declares. @module */
import type { ComponentInstance, PartContext } from "../contract.ts";

/** What the host process needs permission for. */
export interface BuiltinNeeds {
  /** Paths read. */
  readonly read?: readonly string[];
  /** Paths written. */
  readonly write?: readonly string[];
  /** Addresses connected to or listened on, `host:port` or `unix:path`. */
  readonly net?: readonly string[];
}

/** A component of the runtime itself. */
export interface BuiltinComponent {
  /** Name in flows. */
  readonly type: string;
  /** What it is. */
  readonly kind: "source" | "sink";
  /** What it does, a sentence or two. */
  readonly description: string;
  /** JSON Schema of its configuration. */
  readonly configSchema: Readonly<Record<string, unknown>>;
  /** Makes one instance from a configuration that was checked. */
  create(context: PartContext): ComponentInstance["part"];
  /** What the host process must be allowed to do for this configuration. */
  needs(config: Readonly<Record<string, unknown>>): BuiltinNeeds;
}
