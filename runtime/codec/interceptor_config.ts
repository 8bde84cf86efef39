/** How a flow names a preprocessor or postprocessor. @module */

/** The name, or the name with a configuration. */
export type InterceptorConfig = string | {
  /** Its name, such as `separate`. */
  readonly name: string;
  /** Its options. @default {each option's default} */
  readonly config?: Readonly<Record<string, unknown>>;
};
