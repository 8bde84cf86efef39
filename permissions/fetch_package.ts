/** Fetches a package of a registry as files, through the host's own Deno. Nothing of it runs. @module */
import { dirname, join } from "@std/path";
import { sha256 } from "../ffi/sha256.ts";
import { CaissonError, messageOf } from "../runtime/errors/caisson_error.ts";
import { quote } from "../runtime/manifest/untrusted_text.ts";
import { foldPath, packageLimits, pathProblem, refused } from "./package_entries.ts";

/** A package, fetched. */
export interface FetchedPackage {
  /** Folder with its files; the caller removes it. */
  readonly folder: string;
  /** The version the registry gave. */
  readonly version: string;
}

/** Longest a registry may take for one answer, milliseconds. */
const ANSWER_MS = 60_000;

interface Info {
  readonly redirects?: Readonly<Record<string, string>>;
  readonly npmPackages?: Readonly<
    Record<string, { readonly name: string; readonly version: string; readonly localPath?: string }>
  >;
  readonly modules?: readonly { readonly error?: string }[];
}

/**
 * Fetches a package into a folder.
 *
 * `deno info` finds the version and, for npm, fetches and checks the tarball; it runs no code and no script. It works in an
 * empty folder with an empty cache, so the package cannot bring settings of its own; the user's settings of Deno hold.
 *
 * @param into an empty folder
 * @throws {CaissonError} `CAISSON_INSTALL_SOURCE`, `CAISSON_PACKAGE_REFUSED`
 */
export async function fetchPackage(
  spec: { readonly kind: "jsr" | "npm"; readonly name: string; readonly specifier: string },
  into: string,
): Promise<FetchedPackage> {
  const work = join(into, "work");
  await Deno.mkdir(work);
  const info = await denoInfo(spec.specifier, work, join(into, "deno"));
  if (spec.kind === "npm") {
    const found = Object.values(info.npmPackages ?? {}).find(({ name, version }) =>
      info.redirects?.[spec.specifier] === `npm:/${name}@${version}` && name === spec.name
    );
    if (found?.localPath === undefined) throw notFetched(spec.specifier, "Deno did not say where it put the package");
    return { folder: found.localPath, version: found.version };
  }
  const entry = info.redirects?.[spec.specifier];
  const base = entry === undefined ? undefined : new RegExp(`^(.*/${spec.name}/)([^/]+)/`).exec(entry);
  if (base === undefined || base === null) throw notFetched(spec.specifier, "Deno did not say where the package is");
  const [, packageUrl = "", version = ""] = base;
  const folder = join(into, "package");
  await fetchFiles(packageUrl, version, folder, spec.specifier);
  return { folder, version };
}

async function denoInfo(specifier: string, cwd: string, cache: string): Promise<Info> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--quiet", "--json", "--no-config", "--no-lock", specifier],
    cwd,
    env: { DENO_DIR: cache, DENO_NO_UPDATE_CHECK: "1", DENO_NO_PACKAGE_JSON: "1", NO_COLOR: "1" },
    signal: AbortSignal.timeout(ANSWER_MS),
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw notFetched(specifier, quote(text(stderr).trim(), 400));
  const info = JSON.parse(text(stdout)) as Info;
  const error = info.modules?.find((module) => module.error !== undefined)?.error;
  if (error !== undefined) throw notFetched(specifier, quote(error, 400));
  return info;
}

/** Fetches each file a package of JSR lists, and compares its checksum. */
async function fetchFiles(base: string, version: string, folder: string, specifier: string): Promise<void> {
  const document = await fetchBytes(`${base}${version}_meta.json`, 8 << 20, specifier);
  const { manifest } = JSON.parse(new TextDecoder().decode(document)) as {
    readonly manifest?: Readonly<Record<string, { readonly size: number; readonly checksum: string }>>;
  };
  const files = Object.entries(manifest ?? {});
  if (files.length > packageLimits.files) throw refused(specifier, "", `more than ${packageLimits.files} files`);
  const seen = new Map<string, string>();
  let total = 0;
  for (const [name, { size, checksum }] of files) {
    const path = name.replace(/^\//, "");
    const problem = pathProblem(path, seen);
    if (problem !== undefined) throw refused(specifier, path, problem);
    seen.set(foldPath(path), path);
    total += size;
    if (!(size <= packageLimits.fileBytes) || !(total <= packageLimits.bytes)) {
      throw refused(specifier, path, `more than ${packageLimits.bytes} bytes in all`);
    }
    const bytes = await fetchBytes(
      `${base}${version}/${path.split("/").map(encodeURIComponent).join("/")}`,
      size,
      specifier,
    );
    const found = `sha256-${await sha256(bytes)}`;
    if (found !== checksum) throw notFetched(specifier, `${path} has ${found}, the registry lists ${quote(checksum)}`);
    const file = join(folder, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeFile(file, bytes, { createNew: true });
  }
}

async function fetchBytes(url: string, most: number, specifier: string): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(ANSWER_MS) });
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw notFetched(specifier, messageOf(error), error);
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw notFetched(specifier, `the registry answered ${response.status}`);
  }
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    if (length > most) throw notFetched(specifier, `more than the ${most} bytes the registry lists`);
    chunks.push(chunk);
  }
  return await new Blob(chunks).bytes();
}

function notFetched(specifier: string, found: string, cause?: unknown): CaissonError {
  return new CaissonError("CAISSON_INSTALL_SOURCE", {
    subject: specifier,
    found,
    ...(cause === undefined ? {} : { cause }),
  });
}
