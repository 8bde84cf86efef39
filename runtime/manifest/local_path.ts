/** Paths a manifest may name. @module */

/** Why a path may not be used as one inside the plugin's folder, or `undefined`. */
export function localPathProblem(path: string): string | undefined {
  if (path === "") return "an empty path";
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(path)) return "a control character";
  if (path.includes("\\")) return "a backslash; write / on every system";
  if (isAbsolutePath(path)) return "an absolute path";
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(path)) return "a URL";
  if (path.startsWith("~")) return "a ~, which no shell expands here";
  return leavesFolder(path) ? "a path that leaves the plugin's folder" : undefined;
}

/** Whether a path is absolute on any system, whichever this one is. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path) ||
    path.startsWith("\\\\");
}

function leavesFolder(path: string): boolean {
  let depth = 0;
  for (const part of path.split("/")) {
    if (part === "..") depth -= 1;
    else if (part !== "" && part !== ".") depth += 1;
    if (depth < 0) return true;
  }
  return false;
}
