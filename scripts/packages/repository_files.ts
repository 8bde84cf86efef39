import { join } from "node:path";
import { gitIgnores } from "./path_pattern.ts";

/**
 * Every file git would add, relative to `root`, sorted. Reads `.gitignore`
 * itself: an archive of the repository has no git to ask.
 */
export async function repositoryFiles(root: string): Promise<string[]> {
  const lines = (await Deno.readTextFile(join(root, ".gitignore"))).split("\n");
  const files: string[] = [];
  const visit = async (below: string): Promise<void> => {
    for await (const entry of Deno.readDir(join(root, below))) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.name === ".git" || gitIgnores(lines, path)) continue;
      if (entry.isDirectory) await visit(path);
      if (entry.isFile) files.push(path);
    }
  };
  await visit("");
  return files.sort();
}
