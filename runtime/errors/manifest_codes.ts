/** Codes of manifests, discovery and registration. @module */

/** Manifest and registration. */
export const manifestCodes = {
  CAISSON_MANIFEST_NOT_FOUND: {
    exit: 3,
    meaning: "A plugin folder has no plugin.json.",
    action: "Add a plugin.json, or name the folder that has one.",
  },
  CAISSON_MANIFEST_UNREADABLE: {
    exit: 3,
    meaning: "plugin.json could not be read.",
    action: "Make the file readable for the host, or grant --allow-read for it.",
  },
  CAISSON_MANIFEST_SYNTAX: {
    exit: 3,
    meaning: "plugin.json is not JSON.",
    action: "Mend the JSON at the place that is named.",
  },
  CAISSON_MANIFEST_DUPLICATE_KEY: {
    exit: 3,
    meaning: "An object in plugin.json has the same key twice.",
    action: "Keep one of the two keys.",
  },
  CAISSON_MANIFEST_UNKNOWN_KEY: {
    exit: 3,
    meaning: "plugin.json has a key that the schema does not know.",
    action: "Remove the key, or correct its spelling.",
  },
  CAISSON_MANIFEST_INVALID: {
    exit: 3,
    meaning: "A value in plugin.json is not what the schema asks for.",
    action: "Correct the value at the path that is named.",
  },
  CAISSON_MANIFEST_TOO_LARGE: {
    exit: 3,
    meaning: "plugin.json is larger or nested deeper than any manifest needs.",
    action: "Shorten the manifest.",
  },
  CAISSON_MANIFEST_VERSION: {
    exit: 3,
    meaning: "A version or version range is not semantic versioning.",
    action: "Write versions as 1.2.3 and ranges as ^1.2.0.",
  },
  CAISSON_RUNTIME_MISMATCH: {
    exit: 3,
    meaning: "The plugin was made for another version of the runtime.",
    action: "Update the runtime, or take a version of the plugin made for this one.",
  },
  CAISSON_INTERFACE_UNKNOWN: {
    exit: 3,
    meaning: "The plugin provides an interface this host does not know.",
    action: "Correct the interface name, or update the runtime.",
  },
  CAISSON_INTERFACE_MAJOR: {
    exit: 3,
    meaning: "The plugin implements another major version of an interface.",
    action: "Take a plugin built for the host's major version, or update the runtime.",
  },
  CAISSON_INTERFACE_MINOR: {
    exit: 3,
    meaning: "The plugin needs a newer minor version of an interface.",
    action: "Update the runtime, or build the plugin against the older minor.",
  },
  CAISSON_MODULE_OUTSIDE: {
    exit: 3,
    meaning: "A path of the plugin leaves its folder, by dots or by a link.",
    action: "Keep every file the plugin uses inside its folder, without links.",
  },
  CAISSON_MODULE_NOT_FOUND: {
    exit: 3,
    meaning: "The manifest or a module names a file that is not there.",
    action: "Correct the path, or add the file.",
  },
  CAISSON_MODULE_SPECIFIER: {
    exit: 3,
    meaning: "A plugin module imports a bare or remote specifier at run time.",
    action: "Ship the code inside the plugin folder, or use 'import type'.",
  },
  CAISSON_MODULE_SYNTAX: {
    exit: 3,
    meaning: "A plugin module could not be parsed.",
    action: "Mend the module; deno check names the place.",
  },
  CAISSON_PLUGIN_TOO_LARGE: {
    exit: 3,
    meaning: "A plugin has more or larger files than any plugin needs.",
    action: "Ship only the files the plugin uses.",
  },
  CAISSON_PLUGIN_DUPLICATE: {
    exit: 3,
    meaning: "Two plugin folders claim the same plugin name or the same component.",
    action: "Remove one of them from the plugin folders.",
  },
  CAISSON_PLUGIN_CHANGED: {
    exit: 3,
    meaning: "A file of the plugin changed between its check and its launch.",
    action: "Register the plugin again.",
  },
  CAISSON_PLUGIN_UNSEALED: {
    exit: 3,
    meaning: "A native plugin has not been built: its manifest names no library.",
    action: "Run caisson build on the plugin folder.",
  },
  CAISSON_CONFORMANCE_INVALID: {
    exit: 2,
    meaning: "A conformance.json is not what its format asks for.",
    action: "Correct it as docs/conformance.md says.",
  },
  CAISSON_CONFORMANCE_FAILED: {
    exit: 3,
    meaning: "A component did something its contract does not allow.",
    action: "Correct the component; docs/conformance.md says what each check asks for.",
  },
} as const;
