/** Codes of permissions and isolation. @module */

/** Permissions and isolation. */
export const permissionCodes = {
  CAISSON_GRANT_MISSING: {
    exit: 4,
    meaning: "The plugin asks for a permission that the grant file does not mention.",
    action: "Add the line that is shown to the grant file.",
  },
  CAISSON_GRANT_INVALID: {
    exit: 4,
    meaning: "The grant file is not valid.",
    action: "Correct the value at the path that is named.",
  },
  CAISSON_GRANT_UNREADABLE: {
    exit: 4,
    meaning: "The grant file could not be read.",
    action: "Grant --allow-read for it, or name another with --grants.",
  },
  CAISSON_ISOLATION_REFUSED: {
    exit: 3,
    meaning: "The isolation asked for is not one the plugin can bear or this host offers.",
    action: "Choose one of the isolations that are listed.",
  },
  CAISSON_HOST_PERMISSION: {
    exit: 4,
    meaning: "The host process itself lacks a permission it needs.",
    action: "Start the host with the flag that is shown.",
  },
  CAISSON_PERMISSION_DENIED: {
    exit: 4,
    meaning: "A plugin asked at run time for something it was not granted.",
    action: "Grant it, or correct the plugin's configuration.",
  },
  CAISSON_PERMISSION_REVOKED: {
    exit: 4,
    meaning: "The operator changed what a running plugin may touch, so what ran with the old permissions was ended.",
    action: "Nothing, if that was meant; else correct the grant file.",
  },
  CAISSON_SANDBOX_UNSOUND: {
    exit: 4,
    meaning: "The check at start found that Worker permissions do not hold in this process.",
    action: "Remove the permission broker from the environment and use a supported Deno version.",
  },
  CAISSON_PACKAGE_REFUSED: {
    exit: 3,
    meaning: "A package that was to be installed holds something that must not be in one.",
    action: "Ask the author for a package without it.",
  },
  CAISSON_INSTALL_SOURCE: {
    exit: 2,
    meaning: "What was to be installed could not be found or fetched.",
    action:
      "Name a folder, jsr:@scope/name@VERSION or npm:name@VERSION, and look at the network and the registry's settings.",
  },
  CAISSON_LOCK_INVALID: {
    exit: 4,
    meaning: "caisson.lock is not valid, or says something else about a plugin than what is in the store.",
    action: "Restore caisson.lock from version control, or install the plugin again.",
  },
  CAISSON_NOT_INSTALLED: {
    exit: 2,
    meaning: "A plugin that is not installed was to be uninstalled.",
    action: "See what is installed with caisson plugins.",
  },
  CAISSON_DOWNGRADE: {
    exit: 3,
    meaning: "An older version than the approved one was to be installed.",
    action: "If you want the older version, install it with --downgrade.",
  },
  CAISSON_APPROVAL_REFUSED: {
    exit: 4,
    meaning: "The approval is not for what waits for it.",
    action: "Look at what waits with caisson plugins, and approve the hash that is shown.",
  },
  CAISSON_GRANT_UNENFORCEABLE: {
    exit: 3,
    meaning: "A grant says something about a native plugin that the system's sandbox cannot hold it to.",
    action: "Narrow the grant to ports of any host and to files that are there, or let the plugin run unsandboxed.",
  },
  CAISSON_SANDBOX_MISSING: {
    exit: 3,
    meaning: "Native code that nobody reviewed was to run where no sandbox can be set up.",
    action: 'Do what the message says about the sandbox, or, after a review, set "unsandboxed": true in the grant.',
  },
  CAISSON_AUDIT_FAILED: {
    exit: 1,
    meaning: "The audit log could not be written, so what should have been recorded was not done.",
    action: "Make room on the disk, or correct the owner and mode of the folder that is named.",
  },
} as const;
