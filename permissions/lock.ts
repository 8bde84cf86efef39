/** What was installed and approved: `caisson.lock`. @module */
import { z } from "zod";
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { type JsonFileCodes, readJsonFile } from "../runtime/manifest/read_json.ts";
import { explainIssue } from "../runtime/manifest/schema_issue.ts";
import { replaceFile } from "./exclusive.ts";

/** One version of a plugin, with the hash of everything that would run. */
export interface LockedVersion {
  /** Version of the plugin. */
  readonly version: string;
  /** Hash of the whole package: its folder in the store. */
  readonly hash: string;
  /** SHA-256 of its manifest. */
  readonly manifest: string;
  /** What it asks for and provides, as text lines, sorted: what an update is compared by. */
  readonly requests: readonly string[];
  /** SHA-256 of those lines. */
  readonly requestsHash: string;
  /** SHA-256 of each module it loads, or of its libraries, by path. */
  readonly code: Readonly<Record<string, string>>;
  /** When it was installed, or approved, ISO 8601. */
  readonly at: string;
}

/** Everything about one installed plugin. */
export interface LockedPlugin {
  /** Where it came from, as it was written: `jsr:@acme/clicks@^1`, or a folder. */
  readonly source: string;
  /** The version that runs. */
  readonly approved: LockedVersion;
  /** A version that waits for approval. */
  readonly pending?: LockedVersion & { readonly source: string };
  /** Versions that were approved before, the newest first. */
  readonly earlier?: readonly { readonly version: string; readonly hash: string }[];
}

/** A lock, read and checked. */
export interface Lock {
  /** Its file. */
  readonly file: string;
  /** Installed plugins by name. */
  readonly plugins: ReadonlyMap<string, LockedPlugin>;
}

const digest = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");
const packageHash = z.string().regex(/^sha256-[0-9a-f]{64}$/, "sha256- and 64 hexadecimal digits");

const versionFields = {
  version: z.string().min(1),
  hash: packageHash,
  manifest: digest,
  requests: z.array(z.string()),
  requestsHash: digest,
  code: z.record(z.string(), digest),
  at: z.string(),
};

const schema = z.strictObject({
  lock: z.literal(1),
  plugins: z.record(
    z.string().min(1),
    z.strictObject({
      source: z.string(),
      approved: z.strictObject(versionFields),
      pending: z.strictObject({ ...versionFields, source: z.string() }).optional(),
      earlier: z.array(z.strictObject({ version: z.string(), hash: packageHash })).optional(),
    }),
  ),
});

const codes: JsonFileCodes = {
  // A hash for each module of each plugin: a host with many plugins has a long lock.
  maxBytes: 16 << 20,
  unreadable: "CAISSON_LOCK_INVALID",
  problems: {
    "syntax": "CAISSON_LOCK_INVALID",
    "duplicate-key": "CAISSON_LOCK_INVALID",
    "reserved-key": "CAISSON_LOCK_INVALID",
    "too-deep": "CAISSON_LOCK_INVALID",
    "too-large": "CAISSON_LOCK_INVALID",
  },
};

/**
 * Reads a lock. A file that is not there holds nothing.
 *
 * @throws {CaissonError} `CAISSON_LOCK_INVALID` or `CAISSON_HOST_PERMISSION`
 */
export async function readLock(file: string): Promise<Lock> {
  const json = await readJsonFile(file, codes);
  if (json === undefined) return { file, plugins: new Map() };
  const result = schema.safeParse(json.value);
  if (!result.success) {
    const { path, found, allowed } = explainIssue(result.error, schema, json.value, {});
    throw new CaissonError("CAISSON_LOCK_INVALID", {
      subject: path === "" ? file : `${file}: ${path}`,
      found,
      allowed,
      cause: result.error,
    });
  }
  return {
    file,
    plugins: new Map(Object.entries((json.value as { plugins: unknown }).plugins as Record<string, LockedPlugin>)),
  };
}

/** Writes a lock as a person would, sorted, whole or not at all. */
export async function writeLock(file: string, plugins: ReadonlyMap<string, LockedPlugin>): Promise<void> {
  const sorted = Object.fromEntries([...plugins].sort(([a], [b]) => a < b ? -1 : 1));
  await replaceFile(file, `${JSON.stringify({ lock: 1, plugins: sorted }, undefined, 2)}\n`);
}
