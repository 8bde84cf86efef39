/** The commands about the lock and the store. @module */
import type { Command, CommandOption } from "./command.ts";

/** `install`, `uninstall` and `approve`; `grants` is the option that says where lock and store lie. */
export function installCommands(grants: CommandOption): readonly Command[] {
  return [
    {
      name: "install",
      summary: "Check plugins, copy them into the store and pin them in caisson.lock, without running any of them",
      details: [
        "SPEC is a folder, jsr:@scope/name@VERSION or npm:name@VERSION. The store (.caisson/store) and the lock lie beside the grant file.",
        "Another version of an installed plugin waits until it is approved by its hash; the old one goes on running. Exits with 4 then.",
      ],
      arguments: [{
        name: "SPEC",
        description:
          "Folder, jsr:@scope/name@VERSION or npm:name@VERSION; without one, what caisson.lock names and the store lacks",
        many: true,
        optional: true,
      }],
      options: {
        hash: {
          kind: "text",
          value: "HASH",
          description: "Refuse a package with another hash; with it a new version is approved at once",
        },
        downgrade: { kind: "flag", description: "Take a version that is older than the approved one" },
        grants: grants,
      },
      load: () => import("./install.ts"),
    },
    {
      name: "approve",
      summary: "Approve the version of an installed plugin that waits, by the hash that was shown",
      arguments: [
        { name: "PLUGIN", description: "Name of the plugin" },
        { name: "HASH", description: "Its hash, as install and plugins show it" },
      ],
      options: { grants: grants },
      load: () => import("./approve.ts"),
    },
    {
      name: "uninstall",
      summary: "Take plugins out of caisson.lock and the store",
      details: [
        "Every version in the store goes, and a version that waits. What was granted stays in the grant file until revoke takes it back. A host that runs keeps what it has loaded until it ends.",
      ],
      arguments: [{ name: "PLUGIN", description: "Name of an installed plugin", many: true }],
      options: { grants },
      load: () => import("./uninstall.ts"),
    },
  ];
}
