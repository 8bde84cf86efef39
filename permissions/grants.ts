/** What the operator allows: `caisson.grants.json`. `docs/grants.schema.json` is generated from its schema. @module */
import { dirname, resolve } from "@std/path";
import { z } from "zod";
import { CaissonError } from "../runtime/errors/caisson_error.ts";
import { type JsonPath, jsonPlaces, type Place } from "../runtime/manifest/json_places.ts";
import { type JsonFileCodes, readJsonFile } from "../runtime/manifest/read_json.ts";
import { explainIssue, pathText, type RefusedKeys } from "../runtime/manifest/schema_issue.ts";
import { type Supervision, supervisionSchema } from "../runtime/manifest/supervision.ts";
import { quote } from "../runtime/manifest/untrusted_text.ts";
import { neverGranted, type PermissionKey, valueProblem } from "./values.ts";

/** Isolations an operator can choose for a plugin. */
export type PluginIsolation = "worker" | "guard" | "native" | "runner";

/** What one plugin is allowed: exact lists, or `false` for refused on purpose. */
export type GrantedPermissions = {
  readonly [Key in PermissionKey]?: false | readonly string[];
};

/** What a plugin is allowed in one flow: lists replace the plugin's own and may only be narrower. */
export interface FlowGrant {
  /** Keys that are not named stay as they are for the plugin. */
  readonly permissions: GrantedPermissions;
}

/** Everything the operator decided about one plugin. */
export interface Grant {
  /** Where its code runs. @default {"guard" for TypeScript, "runner" for native} */
  readonly isolation?: PluginIsolation;
  /** What it may touch; paths are absolute after reading. */
  readonly permissions?: GrantedPermissions;
  /** Native: may run where no sandbox holds it to its permissions. @default {false} */
  readonly unsandboxed?: boolean;
  /** How its process is watched; what a flow says about a node comes before it. @default {see Supervision} */
  readonly supervision?: Supervision;
  /** Narrower permissions by name of flow. */
  readonly flows?: Readonly<Record<string, FlowGrant>>;
}

/** A grant file, read and checked. */
export interface Grants {
  /** The file, whether it is there or not: the place to add a line. */
  readonly file: string;
  /** Whether the file is there. */
  readonly present: boolean;
  /** Grants by plugin name. */
  readonly plugins: ReadonlyMap<string, Grant>;
  /** Where something stands in the file. @default {unknown: it did not come from a file} */
  readonly placeOf?: (path: JsonPath) => Place | undefined;
}

/** Name of the grant file. */
export const grantsName = "caisson.grants.json";

const examples: Readonly<Record<PermissionKey, string>> = {
  net: '["api.example.com:443"]',
  read: '["/srv/data"]',
  write: '["/srv/output"]',
  env: '["API_TOKEN"]',
  sys: '["hostname"]',
};

function granted(key: PermissionKey, description: string) {
  const value = z.string().superRefine((text, context) => {
    const problem = valueProblem(key, text);
    if (problem === undefined) return;
    context.addIssue({
      code: "custom",
      message: `exact values, such as ${examples[key]}`,
      params: { found: `${problem}: ${quote(text)}` },
    });
  });
  // Not z.literal(false): the answer to `true` has to say why there is none.
  const no = z.boolean().superRefine((flag, context) => {
    if (!flag) return;
    context.addIssue({
      code: "custom",
      message: `a list such as ${examples[key]}, or false`,
      params: {
        found: `true, which would grant all of ${key}`,
        action: `List what the plugin may use, such as "${key}": ${examples[key]}.`,
      },
    });
  }).meta({ const: false });
  return z.union([no, z.array(value)]).optional().describe(description);
}

const permissionsSchema = z.strictObject({
  net: granted("net", "Hosts, `name:port`; false: refused on purpose"),
  read: granted("read", "Paths, relative to this file; false: refused on purpose"),
  write: granted("write", "Paths, relative to this file; false: refused on purpose"),
  env: granted("env", "Environment variables; false: refused on purpose"),
  sys: granted("sys", "Kinds of system information; false: refused on purpose"),
});

const grantSchema = z.strictObject({
  isolation: z.enum(["worker", "guard", "native", "runner"]).optional()
    .describe("Where the plugin's code runs"),
  permissions: permissionsSchema.optional().describe("What the plugin may touch: complete lists"),
  unsandboxed: z.boolean().optional()
    .describe("Native plugins: may run where no sandbox holds them to their permissions"),
  supervision: supervisionSchema.optional()
    .describe(
      "How the plugin's process is watched, where a flow says nothing else: restarts, windowMs, firstMs, maxMs, slotMs, batchMs",
    ),
  flows: z.record(z.string().min(1), z.strictObject({ permissions: permissionsSchema })).optional()
    .describe("Narrower permissions by name of flow; keys that are not named stay as they are"),
});

/** Schema of a grant file. */
export const grantsSchema: z.ZodType<{
  readonly grants: 1;
  readonly plugins: Readonly<Record<string, unknown>>;
}> = z.strictObject({
  $schema: z.string().optional().describe("For editors"),
  grants: z.literal(1).describe("Version of the grant file's own format"),
  plugins: z.record(z.string().min(1), grantSchema).describe(
    "What is allowed, by plugin name",
  ),
});

const codes: JsonFileCodes = {
  unreadable: "CAISSON_GRANT_UNREADABLE",
  problems: {
    "syntax": "CAISSON_GRANT_INVALID",
    "duplicate-key": "CAISSON_GRANT_INVALID",
    "reserved-key": "CAISSON_GRANT_INVALID",
    "too-deep": "CAISSON_GRANT_INVALID",
    "too-large": "CAISSON_GRANT_INVALID",
  },
};

/** Grants that allow nothing, for a host without a grant file. */
export function noGrants(file: string = grantsName): Grants {
  return { file, present: false, plugins: new Map() };
}

/**
 * Reads a grant file. A file that is not there allows nothing.
 *
 * Relative paths in it are relative to the file.
 *
 * @throws {CaissonError} `CAISSON_GRANT_INVALID`, `CAISSON_GRANT_UNREADABLE` or `CAISSON_HOST_PERMISSION`
 */
export async function readGrants(file: string): Promise<Grants> {
  const json = await readJsonFile(file, codes);
  if (json === undefined) return noGrants(file);
  return { ...parseGrants(json.value, file), placeOf: jsonPlaces(json.text) };
}

/**
 * Checks a parsed grant file.
 *
 * @param file where it came from; its folder is what relative paths start from
 * @throws {CaissonError} `CAISSON_GRANT_INVALID` with the path in the file
 */
export function parseGrants(value: unknown, file: string): Grants {
  const result = grantsSchema.safeParse(value);
  if (!result.success) throw invalid(result.error, value, file);
  const folder = dirname(resolve(file));
  const entries = Object.entries(result.data.plugins) as [string, Grant][];
  return {
    file,
    present: true,
    plugins: new Map(entries.map(([name, grant]) => [
      name,
      absolute(grant, folder),
    ])),
  };
}

function absolute(grant: Grant, folder: string): Grant {
  const { permissions, flows, ...rest } = grant;
  return {
    ...rest,
    ...(permissions === undefined ? {} : { permissions: absolutePaths(permissions, folder) }),
    ...(flows === undefined ? {} : {
      flows: Object.fromEntries(
        Object.entries(flows).map(([name, flow]) => [name, { permissions: absolutePaths(flow.permissions, folder) }]),
      ),
    }),
  };
}

function absolutePaths(granted: GrantedPermissions, folder: string): GrantedPermissions {
  const permissions: { [Key in PermissionKey]?: false | readonly string[] } = { ...granted };
  for (const key of ["read", "write"] as const) {
    const paths = permissions[key];
    if (paths) permissions[key] = paths.map((path) => resolve(folder, path));
  }
  return permissions;
}

function invalid(error: z.ZodError, value: unknown, file: string) {
  const issue = explainIssue(error, grantsSchema, value, refused(value));
  return new CaissonError("CAISSON_GRANT_INVALID", {
    subject: issue.path === "" ? file : `${file}: ${issue.path}`,
    found: issue.found,
    allowed: issue.allowed,
    ...(issue.action === undefined ? {} : { action: issue.action }),
    cause: error,
  });
}

/** Reasons by path; the paths hold the names of the plugins that are there. */
function refused(value: unknown): RefusedKeys {
  const plugins = (value as { plugins?: unknown } | null)?.plugins;
  const reasons: Record<string, string> = {};
  for (const name of Object.keys(Object(plugins))) {
    for (const [key, reason] of Object.entries(neverGranted)) {
      reasons[pathText(["plugins", name, "permissions", key])] = reason;
      for (const flow of Object.keys(Object((plugins as Record<string, { flows?: unknown }>)[name]?.flows))) {
        reasons[pathText(["plugins", name, "flows", flow, "permissions", key])] = reason;
      }
    }
  }
  return reasons;
}
