/** What can be installed: a folder, or a package of a registry. @module */
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { quote } from "../runtime/manifest/untrusted_text.ts";

/** Something to install. */
export type PackageSpec =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "jsr" | "npm"; readonly name: string; readonly specifier: string };

const range = "[0-9A-Za-z^~<>=.*+ |-]+";
const registries: readonly (readonly ["jsr" | "npm", RegExp])[] = [
  ["jsr", new RegExp(`^jsr:(@[a-z0-9-]+/[a-z0-9-]+)(?:@${range})?$`)],
  ["npm", new RegExp(`^npm:((?:@[a-z0-9._-]+/)?[a-z0-9._-]+)(?:@${range})?$`)],
];

/**
 * Reads what a user wrote.
 *
 * @throws {CaissonError} `CAISSON_INSTALL_SOURCE`
 */
export function parseSpec(text: string): PackageSpec {
  for (const [kind, pattern] of registries) {
    const name = pattern.exec(text)?.[1];
    if (name !== undefined) return { kind, name, specifier: text };
  }
  if (!/^[A-Za-z][A-Za-z0-9+.-]+:/.test(text)) return { kind: "folder", path: text };
  throw new CaissonError("CAISSON_INSTALL_SOURCE", {
    subject: quote(text),
    found: "something else than a package",
    allowed: "a folder, jsr:@scope/name@VERSION, or npm:name@VERSION",
  });
}
