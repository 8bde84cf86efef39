/** Versions this host offers to plugins. @module */

/** What a plugin's needs are compared with. */
export interface HostVersions {
  /** Version of the runtime. */
  readonly runtime: string;
  /** Name of each interface to `major.minor`. */
  readonly interfaces: Readonly<Record<string, string>>;
  /** Version of the C ABI, `major.minor`. */
  readonly abi: string;
}

/** What this host offers. */
export const hostVersions: HostVersions = {
  runtime: "0.1.0",
  interfaces: {
    source: "1.0",
    sink: "1.0",
    codec: "1.0",
    processor: "1.0",
    preprocessor: "1.0",
    postprocessor: "1.0",
  },
  abi: "1.0",
};
