/**
 * Stand-in for `@std/path`, for machines that cannot reach JSR. It holds only
 * what this project uses, with the names and types of the original.
 *
 * @module
 */

import * as node from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The separator between path segments: `\\` on Windows, else `/`. */
export const SEPARATOR: "\\" | "/" = Deno.build.os === "windows" ? "\\" : "/";

function asPath(value: string | URL): string {
  return value instanceof URL ? fileURLToPath(value) : value;
}

/** Joins segments, then normalizes the result. */
export function join(path: string | URL, ...paths: string[]): string {
  return node.join(asPath(path), ...paths);
}

/** Everything before the last segment. */
export function dirname(path: string | URL): string {
  return node.dirname(asPath(path));
}

/** The last segment, without `suffix` if it ends so. */
export function basename(path: string | URL, suffix = ""): string {
  return node.basename(asPath(path), suffix);
}

/** The extension of the last segment, with its dot. */
export function extname(path: string | URL): string {
  return node.extname(asPath(path));
}

/** The absolute path the segments lead to from the current folder. */
export function resolve(...pathSegments: string[]): string {
  return node.resolve(...pathSegments);
}

/** The path that leads from one place to another. */
export function relative(from: string, to: string): string {
  return node.relative(from, to);
}

/** Resolves `.`, `..` and repeated separators in a path. */
export function normalize(path: string | URL): string {
  return node.normalize(asPath(path));
}

/** Whether a path starts at the root. */
export function isAbsolute(path: string): boolean {
  return node.isAbsolute(path);
}

/** The path a `file:` URL names. */
export function fromFileUrl(url: string | URL): string {
  const parsed = new URL(url);
  if (parsed.protocol !== "file:") {
    throw new TypeError(
      `URL must be a file URL: received "${parsed.protocol}"`,
    );
  }
  return fileURLToPath(parsed);
}

/** The `file:` URL of an absolute path. */
export function toFileUrl(path: string): URL {
  if (!node.isAbsolute(path)) {
    throw new TypeError(`Path must be absolute: received "${path}"`);
  }
  return pathToFileURL(path);
}
