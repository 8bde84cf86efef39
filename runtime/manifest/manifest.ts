/** What `plugin.json` says, as types. `schema.ts` checks it. @module */

/** Kinds of component a plugin can provide. */
export type ComponentKind =
  | "source"
  | "sink"
  | "codec"
  | "processor"
  | "preprocessor"
  | "postprocessor"
  | "operator";

/** One component a plugin provides. */
export interface Provision {
  /** Kind of the component. */
  readonly kind: ComponentKind;
  /** Name flows use as `type`, `[a-z][a-z0-9_]*`, at most 47 characters. */
  readonly name: string;
  /** Versioned contract it implements, such as `source@1.0`. */
  readonly interface: string;
  /** JSON Schema of its configuration. @default {an empty object} */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Permissions a plugin asks for, in Deno's own keys. `true` means: the operator decides which. */
export interface PermissionRequests {
  /** Hosts, `name:port`. */
  readonly net?: true | readonly string[];
  /** Paths; relative ones lie in the plugin's folder. */
  readonly read?: true | readonly string[];
  /** Paths; relative ones lie in the plugin's folder. */
  readonly write?: true | readonly string[];
  /** Environment variables. */
  readonly env?: true | readonly string[];
  /** Kinds of system information. */
  readonly sys?: true | readonly string[];
  /** Why, for each key that is asked for. */
  readonly reasons?: Readonly<Record<string, string>>;
}

/** How `caisson build` makes the library. */
export interface NativeBuild {
  /** Language of the sources. */
  readonly language: "c" | "c++" | "rust";
  /** C and C++: every source file. Rust: the crate's root file. Relative to the plugin's folder. */
  readonly sources: readonly string[];
  /** C++: libraries of the system it links, by name, such as `simdjson`. @default {none} */
  readonly links?: readonly string[] | undefined;
}

/** One built library. */
export interface NativeLibrary {
  /** File, relative to the manifest that names it. */
  readonly file: string;
  /** SHA-256 of the file, 64 hexadecimal digits. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** The native part of a manifest. */
export interface NativePart {
  /** Version of the C ABI it is built for, such as `1.0`. */
  readonly abi: string;
  /** In the committed manifest: how to build it. */
  readonly build?: NativeBuild;
  /** Only in the sealed manifest `dist/plugin.json`: platform (`linux-x86_64`) to library. */
  readonly libraries?: Readonly<Record<string, NativeLibrary>>;
}

/** A plugin's manifest. Either `module` or `native` is there. */
export interface Manifest {
  /** For editors. */
  readonly $schema?: string;
  /** Version of the manifest's own format. */
  readonly manifest: 1;
  /** `@scope/name`. */
  readonly name: string;
  /** Semantic version of the plugin. */
  readonly version: string;
  /** Range of runtime versions it works with. */
  readonly runtime: string;
  /** What it is, for people. */
  readonly description?: string;
  /** Licence identifier. */
  readonly license?: string;
  /** Components, at least one. */
  readonly provides: readonly Provision[];
  /** Where its code can bear to run. @default {"either"} */
  readonly isolation?: "in-process" | "own-process" | "either";
  /** Entry module of a TypeScript plugin, relative to its folder. */
  readonly module?: string;
  /** Native plugin. */
  readonly native?: NativePart;
  /** Limits it says it stays within. */
  readonly limits?: { readonly memoryMiB?: number; readonly fileMiB?: number };
  /** Permissions it asks for. */
  readonly permissions?: PermissionRequests;
}

/** A folder with a valid manifest; nothing of it has run. */
export interface PluginPackage {
  /** The manifest. */
  readonly manifest: Manifest;
  /** Real path of the folder `plugin.json` lies in (`dist` for a sealed native plugin). */
  readonly folder: string;
  /** Path of the manifest that was read. */
  readonly manifestFile: string;
  /** SHA-256 of that file, hexadecimal. */
  readonly manifestSha256: string;
  /** Hash of all its files, where it was installed into the store. */
  readonly treeHash?: string;
}
