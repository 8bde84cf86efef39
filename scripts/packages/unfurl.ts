import { scanImports } from "../imports/scan_imports.ts";

/**
 * Replaces every bare name of an import map by what it stands for, as
 * `deno publish` does: nobody who installs a package has its import map.
 */
export function unfurl(
  source: string,
  names: ReadonlyMap<string, string>,
): string {
  let unfurled = "";
  let done = 0;
  for (const { specifier, start, end } of scanImports(source)) {
    const target = resolveName(specifier, names);
    if (target === undefined) continue;
    unfurled += source.slice(done, start) + target;
    done = end;
  }
  return unfurled + source.slice(done);
}

function resolveName(
  specifier: string,
  names: ReadonlyMap<string, string>,
): string | undefined {
  const exact = names.get(specifier);
  if (exact !== undefined) return exact;
  for (const [name, target] of names) {
    if (specifier.startsWith(`${name}/`)) {
      return target + specifier.slice(name.length);
    }
  }
  return undefined;
}
