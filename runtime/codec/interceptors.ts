/** A list of interceptors by name: preprocessors or postprocessors, with the schemas of their configuration. @module */
import { CaissonError } from "../errors/caisson_error.ts";
import { checkConfig } from "../manifest/check_config.ts";
import { quote } from "../manifest/untrusted_text.ts";
import type { FormatEntry } from "./format_entry.ts";
import type { InterceptorConfig } from "./interceptor_config.ts";

/** One kind of interceptor. */
export interface InterceptorEntry<T> extends FormatEntry {
  /** Makes one for a stream from a configuration that was checked. */
  create(config: Record<string, unknown>, subject: string): T;
}

/**
 * A new interceptor for one stream.
 *
 * @param named its name, or its name with a configuration
 * @param subject where it stands, such as `flow.json: connectors.in.preprocessors[0]`
 * @throws {CaissonError} `CAISSON_CONFIG_INVALID`
 */
export function createInterceptor<T>(
  entries: ReadonlyMap<string, InterceptorEntry<T>>,
  named: InterceptorConfig,
  subject: string,
): T {
  const { name, config = {} } = typeof named === "string" ? { name: named } : named;
  const entry = entries.get(name);
  if (entry === undefined) {
    throw new CaissonError("CAISSON_CONFIG_INVALID", {
      subject,
      found: quote(name),
      allowed: [...entries.keys()].join(", "),
    });
  }
  const where = `${subject} ${name}: config`;
  return entry.create(checkConfig(entry.schema, config, where), where);
}
