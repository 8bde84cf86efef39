/** What flows and the documentation know about a codec, preprocessor or postprocessor. @module */
import type { ConfigSchema } from "../manifest/config_schema.ts";

/** One format. */
export interface FormatEntry {
  /** What it is, in a sentence or two. */
  readonly summary: string;
  /** What one could expect of it and does not get. */
  readonly unsupported?: readonly string[];
  /** JSON Schema of its configuration. */
  readonly schema: ConfigSchema;
}
