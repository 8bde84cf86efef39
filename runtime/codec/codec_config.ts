/** How a flow names a codec. @module */

/** The name, or the name with a configuration. */
export type CodecConfig = string | {
  /** Its name, such as `json`. */
  readonly name: string;
  /** Its options. @default {each option's default} */
  readonly config?: Readonly<Record<string, unknown>>;
};

/** The name alone: what a plugin is told. */
export function codecName(named: CodecConfig): string {
  return typeof named === "string" ? named : named.name;
}
