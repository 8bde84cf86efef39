/** The modules a guard process is made of. @module */

/** Everything `guard_bootstrap.ts` imports, itself first, relative to the package's root. A test keeps the list true. */
export const GUARD_FILES: readonly string[] = [
  "runtime/isolation/guard_bootstrap.ts",
];
