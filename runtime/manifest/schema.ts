/** The schema of `plugin.json`. `docs/manifest.schema.json` is generated from it. @module */
import { z } from "zod";
import { neverGranted, type PermissionKey, permissionKeys, valueProblem } from "../../permissions/values.ts";
import { CaissonError } from "../errors/caisson_error.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { configSchemaProblem } from "./config_schema.ts";
import { isAbsolutePath, localPathProblem } from "./local_path.ts";
import type { Manifest } from "./manifest.ts";
import { explainIssue, type RefusedKeys } from "./schema_issue.ts";
import { isRange, isVersion } from "./semver.ts";
import { quote } from "./untrusted_text.ts";

/** Refuses with a reason, and where it helps with a code and an action of its own. */
function refuse(
  context: z.RefinementCtx,
  options: {
    path?: PropertyKey[];
    found?: string;
    allowed: string;
    action?: string;
    code?: ErrorCode;
  },
): void {
  const { path = [], found, allowed, action, code } = options;
  context.addIssue({
    code: "custom",
    message: allowed,
    path,
    params: { found, action, code },
  });
}

/** A path that has to stay inside the plugin's folder. */
function localPath(description: string): z.ZodString {
  return z.string().check((context) => {
    const problem = localPathProblem(context.value);
    if (problem === undefined) return;
    context.issues.push({
      code: "custom",
      input: context.value,
      message: "a path inside the plugin's folder, such as ./mod.ts",
      params: {
        found: `${problem}: ${quote(context.value)}`,
        ...(problem.includes("leaves") || problem.startsWith("an absolute") ? { code: "CAISSON_MODULE_OUTSIDE" } : {}),
      },
    });
  }).describe(description);
}

const version = z.string().superRefine((value, context) => {
  if (isVersion(value)) return;
  refuse(context, {
    allowed: "a semantic version such as 1.2.3",
    code: "CAISSON_MANIFEST_VERSION",
    action: "Write the version as 1.2.3.",
  });
}).describe("Semantic version of the plugin");

const range = z.string().superRefine((value, context) => {
  if (isRange(value)) return;
  refuse(context, {
    allowed: "a range of semantic versions such as ^0.1.0",
    code: "CAISSON_MANIFEST_VERSION",
    action: "Write the range as ^0.1.0.",
  });
}).describe("Range of runtime versions it works with");

const kinds = [
  "source",
  "sink",
  "codec",
  "processor",
  "preprocessor",
  "postprocessor",
  "operator",
] as const;

const provision = z.strictObject({
  kind: z.enum(kinds).describe("Kind of the component"),
  name: z.string().regex(
    /^[a-z][a-z0-9_]{0,46}$/,
    "lower-case letters, digits and _, starting with a letter, at most 47 characters",
  ).describe("Name that flows use as `type`"),
  interface: z.string().regex(
    /^[a-z]+@(?:0|[1-9][0-9]{0,4})\.(?:0|[1-9][0-9]{0,4})$/,
    "KIND@MAJOR.MINOR, such as source@1.0",
  ).describe("Versioned contract it implements, such as source@1.0"),
  config: z.record(z.string(), z.unknown()).superRefine((value, context) => {
    const problem = configSchemaProblem(value);
    if (problem !== undefined) {
      refuse(context, { ...problem, path: [...problem.path] });
    }
  }).optional().describe("JSON Schema of its configuration"),
}).superRefine((value, context) => {
  if (value.interface.split("@")[0] === value.kind) return;
  refuse(context, {
    path: ["interface"],
    allowed: `the interface of its kind: ${value.kind}@MAJOR.MINOR`,
  });
});

const provides = z.array(provision).min(1).superRefine((list, context) => {
  const seen = new Set<string>();
  list.forEach(({ kind, name }, index) => {
    if (seen.has(`${kind} ${name}`)) {
      refuse(context, {
        path: [index, "name"],
        found: `a second ${kind} called ${name}`,
        allowed: "each kind and name once",
      });
    }
    seen.add(`${kind} ${name}`);
  });
}).describe("Components, at least one");

function requests(key: PermissionKey, description: string) {
  const isPath = key === "read" || key === "write";
  const value = z.string().superRefine((text, context) => {
    const problem = valueProblem(key, text) ??
      (isPath && !isAbsolutePath(text) ? localPathProblem(text) : undefined);
    if (problem === undefined) return;
    refuse(context, {
      found: `${problem}: ${quote(text)}`,
      allowed: isPath
        ? "an absolute path, or one inside the plugin's folder"
        : key === "net"
        ? "host or host:port"
        : "an exact name",
    });
  });
  const list = z.array(value).min(1).superRefine((values, context) => {
    if (new Set(values).size === values.length) return;
    refuse(context, { allowed: "each value once" });
  });
  return z.union([z.literal(true), list]).optional().describe(description);
}

const permissions = z.strictObject({
  net: requests("net", "Hosts, `name:port`; true: the operator decides which"),
  read: requests(
    "read",
    "Paths; relative ones lie in the plugin's folder; true: the operator decides which",
  ),
  write: requests(
    "write",
    "Paths; relative ones lie in the plugin's folder; true: the operator decides which",
  ),
  env: requests(
    "env",
    "Environment variables; true: the operator decides which",
  ),
  sys: requests(
    "sys",
    "Kinds of system information; true: the operator decides which",
  ),
  reasons: z.strictObject({
    net: z.string().min(1).max(200).optional(),
    read: z.string().min(1).max(200).optional(),
    write: z.string().min(1).max(200).optional(),
    env: z.string().min(1).max(200).optional(),
    sys: z.string().min(1).max(200).optional(),
  }).optional().describe("Why, for each key that is asked for"),
}).superRefine((value, context) => {
  for (const key of permissionKeys) {
    const asked = value[key] !== undefined;
    const reason = value.reasons?.[key];
    if (asked && reason === undefined) {
      refuse(context, {
        path: ["reasons", key],
        found: `no reason for asking for ${key}`,
        allowed: "one sentence the operator reads before granting it",
        action: `Add "reasons": { "${key}": "…" } to the permissions.`,
      });
    } else if (!asked && reason !== undefined) {
      refuse(context, {
        path: ["reasons", key],
        found: `a reason for ${key}, which is not asked for`,
        allowed: "reasons of requested permissions",
        action: `Remove the reason, or ask for ${key}.`,
      });
    }
  }
});

const native = z.strictObject({
  abi: z.string().regex(
    /^(?:0|[1-9][0-9]{0,4})\.(?:0|[1-9][0-9]{0,4})$/,
    "MAJOR.MINOR, such as 1.0",
  ).describe("Version of the C ABI it is built for"),
  build: z.strictObject({
    language: z.enum(["c", "c++", "rust"]),
    sources: z.array(localPath("Source file")).min(1),
    links: z.array(z.string().regex(/^[a-z0-9][a-z0-9_+.-]*$/i, "name of a library, such as simdjson")).optional()
      .describe("C++: libraries of the system to link"),
  }).optional().describe("In the committed manifest: how to build it"),
  libraries: z.record(
    z.string().regex(/^[a-z0-9]+-[a-z0-9_]+$/, "OS-ARCH, such as linux-x86_64"),
    z.strictObject({
      file: localPath("File, relative to this manifest"),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
      size: z.int().min(1).describe("Bytes"),
    }),
  ).optional().describe("In the sealed manifest: what was built"),
}).superRefine((value, context) => {
  const { build, libraries } = value;
  if ((build === undefined) === (libraries === undefined)) {
    refuse(context, {
      found: build === undefined ? "neither build nor libraries" : "both build and libraries",
      allowed: "build in plugin.json, libraries in dist/plugin.json",
    });
  } else if (libraries !== undefined && Object.keys(libraries).length === 0) {
    refuse(context, { path: ["libraries"], allowed: "at least one library" });
  }
});

const schema = z.strictObject({
  $schema: z.string().optional().describe("For editors"),
  manifest: z.literal(1).describe("Version of the manifest's own format"),
  name: z.string().regex(
    /^(?:@[a-z0-9][a-z0-9_-]{0,62}\/)?[a-z0-9][a-z0-9_-]{0,62}$/,
    "@scope/name or name: lower-case ASCII letters, digits, - and _",
  ).describe("@scope/name"),
  version,
  runtime: range,
  description: z.string().max(500).optional().describe(
    "What it is, for people",
  ),
  license: z.string().max(100).optional().describe("Licence identifier"),
  provides,
  isolation: z.enum(["in-process", "own-process", "either"]).optional()
    .describe("Where its code can bear to run"),
  module: localPath("Entry module of a TypeScript plugin").optional(),
  native: native.optional().describe("Native plugin"),
  limits: z.strictObject({
    memoryMiB: z.int().min(1).max(65536).optional().describe("Memory it may hold in a process of its own, MiB"),
    fileMiB: z.int().min(1).max(1 << 24).optional().describe(
      "Size up to which it may write one file in the sandbox, MiB",
    ),
  }).optional().describe("Limits it says it stays within"),
  permissions: permissions.optional().describe("Permissions it asks for"),
}).superRefine((value, context) => {
  if ((value.module === undefined) !== (value.native === undefined)) return;
  refuse(context, {
    found: value.module === undefined ? "neither module nor native" : "both module and native",
    allowed: "module for a TypeScript plugin, native for a C ABI plugin",
    action: "Keep exactly one of the two.",
  });
});

/** zod writes optional keys with `| undefined`; JSON cannot hold one, so both mean the same here. */
type Loose<T> = T extends readonly (infer Entry)[] ? readonly Loose<Entry>[]
  : T extends object ? { readonly [Key in keyof T]: Loose<T[Key]> | undefined }
  : T;

/** Schema of a manifest, checked by the compiler against {@linkcode Manifest}. */
export const manifestSchema: z.ZodType<Loose<Manifest>> = schema;

const refusedKeys: RefusedKeys = {
  "permissions.run": neverGranted.run,
  "permissions.ffi": neverGranted.ffi,
  "permissions.import": neverGranted.import,
};

/**
 * Checks a manifest.
 *
 * @param value the parsed file
 * @param file where it came from, for the message
 * @throws {CaissonError} `CAISSON_MANIFEST_UNKNOWN_KEY`, `CAISSON_MANIFEST_VERSION`, `CAISSON_MODULE_OUTSIDE` or
 * `CAISSON_MANIFEST_INVALID`, with the path in the file
 */
export function parseManifest(value: unknown, file: string): Manifest {
  const result = manifestSchema.safeParse(value);
  if (result.success) return value as Manifest;
  const issue = explainIssue(result.error, schema, value, refusedKeys);
  const code = issue.code as ErrorCode | undefined ??
    (issue.kind === "unknown-key" ? "CAISSON_MANIFEST_UNKNOWN_KEY" : "CAISSON_MANIFEST_INVALID");
  throw new CaissonError(code, {
    subject: issue.path === "" ? file : `${file}: ${issue.path}`,
    found: issue.found,
    allowed: issue.allowed,
    ...(issue.action === undefined ? {} : { action: issue.action }),
    cause: result.error,
  });
}
