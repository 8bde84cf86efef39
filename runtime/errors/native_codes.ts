/** Codes of native plugins and the C ABI. @module */

/** Native plugins. */
export const nativeCodes = {
  CAISSON_ABI_MISMATCH: {
    exit: 3,
    meaning: "The plugin was built for another major or a newer minor version of the C ABI.",
    action: "Build the plugin again with this host's caisson.h.",
  },
  CAISSON_ABI_LAYOUT: {
    exit: 3,
    meaning: "The plugin sees a shared struct differently than the host.",
    action: "Build the plugin again with this host's caisson.h and no packing options.",
  },
  CAISSON_ABI_FLAG: {
    exit: 3,
    meaning: "The plugin sets a descriptor flag that this host must understand and does not.",
    action: "Update the runtime, or build the plugin without that flag.",
  },
  CAISSON_LIBRARY_FORMAT: {
    exit: 3,
    meaning: "The library is not an object file of this platform.",
    action: "Build the plugin on this platform.",
  },
  CAISSON_LIBRARY_MACHINE: {
    exit: 3,
    meaning: "The library was built for another machine.",
    action: "Build the plugin for this machine.",
  },
  CAISSON_LIBRARY_HASH: {
    exit: 3,
    meaning: "The library is not the file that was sealed.",
    action: "Build the plugin again, or restore the file.",
  },
  CAISSON_LIBRARY_NOT_FOUND: {
    exit: 3,
    meaning: "The sealed manifest has no library for this platform, or the file is gone.",
    action: "Build the plugin on this platform.",
  },
  CAISSON_LIBRARY_LOAD: {
    exit: 3,
    meaning: "The system's loader refused the library.",
    action: "Read the loader's message; a symbol or a library it needs is missing.",
  },
  CAISSON_DESCRIPTOR_MISSING: {
    exit: 3,
    meaning: "The library has no Caisson descriptor: it is not a plugin.",
    action: "Include caisson_plugin.h and use CAISSON_PLUGIN once.",
  },
  CAISSON_DESCRIPTOR_INVALID: {
    exit: 3,
    meaning: "The descriptor is damaged or contradicts itself.",
    action: "Build the plugin again with caisson build.",
  },
  CAISSON_DESCRIPTOR_MANIFEST: {
    exit: 3,
    meaning: "Descriptor and manifest disagree.",
    action: "Make names, version and interfaces in both the same.",
  },
  CAISSON_SYMBOL_MISSING: {
    exit: 3,
    meaning: "The library lacks a function that its interfaces need.",
    action: "Export the function that is named.",
  },
  CAISSON_COMPILER_MISSING: {
    exit: 1,
    meaning: "No C compiler was found.",
    action: "Install one: apt-get install gcc, dnf install gcc, apk add build-base, or xcode-select --install.",
  },
  CAISSON_LIBRARY_MISSING: {
    exit: 1,
    meaning: "A library of the system that a plugin links was not found, or has no headers.",
    action:
      "Install it with its headers: for simdjson apt-get install libsimdjson-dev g++, or the like of your system.",
  },
  CAISSON_BUILD_FAILED: {
    exit: 1,
    meaning: "The compiler refused the plugin's sources.",
    action: "Mend what the compiler says.",
  },
  CAISSON_NATIVE_CALL: {
    exit: 1,
    meaning: "A native plugin returned an error.",
    action: "Read the plugin's message.",
  },
  CAISSON_NATIVE_BATCH: {
    exit: 1,
    meaning: "A native plugin wrote a batch that points outside the memory it was given.",
    action: "Report it to the plugin's author; run it under runner isolation.",
  },
  CAISSON_NATIVE_STATE: {
    exit: 1,
    meaning: "A native instance was called in a state that does not allow it.",
    action: "Open and start the instance first, and do not use it after close.",
  },
  CAISSON_FFI_SCOPE: {
    exit: 4,
    meaning: "The operation needs unscoped --allow-ffi.",
    action: "Start the host with --allow-ffi without a path.",
  },
} as const;
