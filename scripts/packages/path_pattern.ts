const SPECIAL = /[.+^$()|[\]\\]/g;

/** A glob as the source of a regular expression: `*`, `**`, `?` and `{a,b}`. */
function globSource(glob: string): string {
  return glob
    .replaceAll(SPECIAL, "\\$&")
    .replaceAll(
      /\*\*\/|\*\*|\*|\?|\{|\}|,/g,
      (part) =>
        ({
          "**/": "(?:.*/)?",
          "**": ".*",
          "*": "[^/]*",
          "?": "[^/]",
          "{": "(?:",
          "}": ")",
          ",": "|",
        })[part]!,
    );
}

/**
 * A pattern of `publish.include` or `publish.exclude`: a path or a glob, which
 * also covers everything below what it names.
 */
export function pathPattern(glob: string): RegExp {
  const clean = glob.replace(/^\.\//, "").replace(/\/$/, "");
  if (clean === "." || clean === "") return /^/;
  return new RegExp(`^${globSource(clean)}(?:/.*)?$`);
}

/** Whether the lines of a `.gitignore` file leave a path out; the last match decides. */
export function gitIgnores(lines: readonly string[], path: string): boolean {
  let ignored = false;
  for (const line of lines) {
    const rule = line.trim();
    if (rule === "" || rule.startsWith("#")) continue;
    const negated = rule.startsWith("!");
    const glob = negated ? rule.slice(1) : rule;
    const anchored = glob.slice(0, -1).includes("/");
    const clean = glob.replace(/^\//, "");
    if (pathPattern(anchored ? clean : `**/${clean}`).test(path)) {
      ignored = !negated;
    }
  }
  return ignored;
}
