// What the registry refuses and `deno publish --dry-run` lets pass.
import { posix } from "node:path";
import { type Finding, lineAt } from "../finding.ts";
import { scanImports } from "../imports/scan_imports.ts";
import { tokenize } from "../imports/tokens.ts";

/** The registry's limit for one file and for a package, in bytes. */
export const MAX_BYTES: number = 20 * 1024 * 1024;

const MAX_PATH = 155;
const MAX_NAME = 95;
const PATH_CHARACTERS = /^[a-zA-Z0-9$()+\-.@[\]_{}~/]+$/;
const RESERVED_NAME = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;
const BANNED_REFERENCE = /^\s*\/\/\/\s*<reference\s+(?:lib|no-default-lib)\b/m;

/** A package with its files as they would be uploaded, sources unfurled. */
export interface PackageFiles {
  /** Its folder relative to the root, `""` for the root. */
  readonly path: string;
  /** Entry points to paths such as `./mod.ts`. */
  readonly exports: Readonly<Record<string, string>>;
  /** Whether its `deno.json` names a license. */
  readonly license: boolean;
  /** Contents by path within the package, such as `mod.ts`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

function error(path: string, message: string, line?: number): Finding {
  return {
    path,
    severity: "error",
    message,
    ...(line !== undefined && { line }),
  };
}

function pathFindings(path: string): Finding[] {
  const findings: Finding[] = [];
  const name = posix.basename(path);
  if (path.length >= MAX_PATH || name.length >= MAX_NAME) {
    findings.push(error(path, "path or name is too long to publish"));
  }
  if (!PATH_CHARACTERS.test(path)) {
    findings.push(error(path, "path has a character that cannot be published"));
  }
  if (path.split("/").some((part) => RESERVED_NAME.test(part))) {
    findings.push(error(path, "path has a name Windows reserves"));
  }
  if (/\.c[jt]s$/.test(path)) {
    findings.push(error(path, "CommonJS cannot be published"));
  }
  return findings;
}

function specifierFinding(specifier: string): string | undefined {
  const scheme = /^[a-z]+:/.exec(specifier)?.[0];
  if (scheme === undefined) {
    return specifier.startsWith(".") ? undefined : `no import map entry for "${specifier}"`;
  }
  if (["node:", "data:", "bun:"].includes(scheme)) return undefined;
  if (scheme !== "jsr:" && scheme !== "npm:") {
    return `"${specifier}" cannot be published: use jsr:, npm: or node:`;
  }
  return /^(?:jsr|npm):\/?(?:@[^/@]+\/)?[^/@]+@[^/]+/.test(specifier) ? undefined : `"${specifier}" has no version`;
}

/** Paths the module reaches for at run time: `new URL("./a", import.meta.url)`. */
function assets(source: string): { path: string; offset: number }[] {
  const tokens = tokenize(source);
  const found: { path: string; offset: number }[] = [];
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== "string" || !/^\.{1,2}\//.test(token.text)) continue;
    const words = (from: number, to: number) => tokens.slice(at + from, at + to).map(({ text }) => text).join(" ");
    if (words(-3, 0) !== "new URL (") continue;
    if (words(1, 7) !== ", import . meta . url") continue;
    found.push({ path: token.text, offset: token.start });
  }
  return found;
}

function sourceFindings(
  path: string,
  source: string,
  has: (path: string) => boolean,
): Finding[] {
  const findings: Finding[] = [];
  const banned = BANNED_REFERENCE.exec(source);
  if (banned !== null) {
    const line = lineAt(source, banned.index);
    findings.push(error(path, "`/// <reference lib>` cannot be published", line));
  }
  const within = (to: string) => posix.join(posix.dirname(path), to);
  for (const { specifier, start } of scanImports(source)) {
    const line = lineAt(source, start);
    const wrong = specifierFinding(specifier);
    if (wrong !== undefined) findings.push(error(path, wrong, line));
    if (specifier.startsWith(".") && !has(within(specifier))) {
      findings.push(
        error(path, `imports "${specifier}", which is not published`, line),
      );
    }
  }
  for (const asset of assets(source)) {
    if (has(within(asset.path))) continue;
    findings.push(error(
      path,
      `reaches for "${asset.path}", which is not published`,
      lineAt(source, asset.offset),
    ));
  }
  return findings;
}

/** Everything that would keep a package from being published or from working then. */
export function publishFindings(pkg: PackageFiles): Finding[] {
  const findings: Finding[] = [];
  const paths = [...pkg.files.keys()];
  const has = (path: string) =>
    pkg.files.has(path) ||
    paths.some((other) => other.startsWith(`${path.replace(/\/$/, "")}/`));
  const seen = new Map<string, string>();
  let total = 0;
  for (const [path, bytes] of pkg.files) {
    total += bytes.length;
    if (bytes.length > MAX_BYTES) {
      findings.push(error(path, `${bytes.length} bytes, of at most ${MAX_BYTES}`));
    }
    findings.push(...pathFindings(path));
    const same = seen.get(path.toLowerCase());
    if (same !== undefined) {
      findings.push(error(path, `differs from ${same} by case only`));
    }
    seen.set(path.toLowerCase(), path);
    if (/\.[jt]sx?$/.test(path)) {
      const source = new TextDecoder().decode(bytes);
      findings.push(...sourceFindings(path, source, has));
    }
  }
  if (total > MAX_BYTES) {
    findings.push(error("deno.json", `${total} bytes, of at most ${MAX_BYTES}`));
  }
  for (const [name, target] of Object.entries(pkg.exports)) {
    if (pkg.files.has(target.replace(/^\.\//, ""))) continue;
    findings.push(error("deno.json", `export "${name}" has no file ${target}`));
  }
  if (!pkg.license && !pkg.files.has("LICENSE")) {
    findings.push(error("deno.json", "no license"));
  }
  return findings.map((finding) => ({
    ...finding,
    path: posix.join(pkg.path, finding.path),
  }));
}
