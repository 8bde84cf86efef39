// This project's own lint rules: the walls that the type checker cannot see.
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A file's path within the repository, with `/` between segments. */
function pathInRepository(file: string): string {
  const inside = file.startsWith(ROOT) ? file.slice(ROOT.length) : file;
  return inside.replaceAll("\\", "/").replace(/^\.?\//, "");
}

function isBelow(path: string, ...places: string[]): boolean {
  return places.some((place) => place.endsWith("/") ? path.startsWith(place) : path === place);
}

/** The last name of `Worker`, `globalThis.Worker` or `globalThis["Worker"]`. */
function lastName(node: Deno.lint.Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression") return undefined;
  const { property } = node;
  if (property.type === "Identifier" && !node.computed) return property.name;
  return property.type === "Literal" ? String(property.value) : undefined;
}

const workerInOnePlace: Deno.lint.Rule = {
  create(context) {
    const path = pathInRepository(context.filename);
    if (
      isBelow(path, "runtime/isolation/start_worker.ts", "tests/isolation/")
    ) {
      return {};
    }
    return {
      NewExpression(node) {
        if (lastName(node.callee) !== "Worker") return;
        context.report({
          node,
          message: "A Worker is created outside runtime/isolation/start_worker.ts",
          hint: "Call startWorker(): it names all permission keys, and one left out means all of them",
        });
      },
    };
  },
};

const dlopenInFfi: Deno.lint.Rule = {
  create(context) {
    const path = pathInRepository(context.filename);
    if (isBelow(path, "ffi/", "tests/ffi/")) return {};
    return {
      MemberExpression(node) {
        if (lastName(node) !== "dlopen") return;
        if (lastName(node.object) !== "Deno") return;
        context.report({
          node,
          message: "A library is loaded outside ffi/",
          hint: "Use the loader of ffi/: it checks hash and descriptor first",
        });
      },
      "VariableDeclarator[init.name='Deno'] > ObjectPattern > Property"(
        node: Deno.lint.Property,
      ) {
        if (lastName(node.key) !== "dlopen") return;
        context.report({
          node,
          message: "A library is loaded outside ffi/",
          hint: "Use the loader of ffi/: it checks hash and descriptor first",
        });
      },
    };
  },
};

function makesBareError(node: Deno.lint.Node | null): boolean {
  return node !== null &&
    (node.type === "NewExpression" || node.type === "CallExpression") &&
    lastName(node.callee) === "Error";
}

const noBareError: Deno.lint.Rule = {
  create(context) {
    const path = pathInRepository(context.filename);
    const covered = ["runtime/", "permissions/", "ffi/", "main.ts", "mod.ts"];
    if (!isBelow(path, ...covered)) return {};
    const report = (node: Deno.lint.Node) =>
      context.report({
        node,
        message: "A bare Error has no code that a caller could act on",
        hint: "Use CaissonError with a code, its subject and an action",
      });
    return {
      ThrowStatement(node) {
        if (makesBareError(node.argument)) report(node);
      },
      CallExpression(node) {
        if (lastName(node.callee) !== "reject") return;
        if (makesBareError(node.arguments[0] ?? null)) report(node);
      },
    };
  },
};

const preferPrivateField: Deno.lint.Rule = {
  create(context) {
    const check = (
      node: Deno.lint.PropertyDefinition | Deno.lint.MethodDefinition,
    ) => {
      // A constructor has no #private form.
      if (node.type === "MethodDefinition" && node.kind === "constructor") {
        return;
      }
      if (node.accessibility !== "private") return;
      context.report({
        node,
        message: "`private` holds for the type checker only",
        hint: "Use a #private name",
      });
    };
    return { PropertyDefinition: check, MethodDefinition: check };
  },
};

const noExportAll: Deno.lint.Rule = {
  create(context) {
    return {
      ExportAllDeclaration(node) {
        context.report({
          node,
          message: "`export *` publishes names nobody chose",
          hint: "Name what is exported",
        });
      },
    };
  },
};

const noDefaultExport: Deno.lint.Rule = {
  create(context) {
    const path = pathInRepository(context.filename);
    const covered = ["runtime/", "permissions/", "ffi/", "main.ts", "mod.ts"];
    if (!isBelow(path, ...covered)) return {};
    return {
      ExportDefaultDeclaration(node) {
        context.report({
          node,
          message: "A default export has another name in every file",
          hint: "Export it by its name",
        });
      },
    };
  },
};

/** Whether the variable belongs to one test, so that no other test could mind it. */
function isOwnVariable(node: Deno.lint.Node | undefined): boolean {
  return node?.type === "Literal" && typeof node.value === "string" && node.value.startsWith("CAISSON_TEST_");
}

const testsShareTheProcess: Deno.lint.Rule = {
  create(context) {
    const path = pathInRepository(context.filename);
    if (!path.startsWith("tests/") || !path.endsWith("_test.ts")) return {};
    return {
      CallExpression(node) {
        const { callee } = node;
        if (callee.type !== "MemberExpression") return;
        const name = lastName(callee);
        const of = lastName(callee.object);
        const changes = of === "Deno"
          ? name === "chdir" || name === "umask"
          : of === "env" && (name === "set" || name === "delete") && !isOwnVariable(node.arguments[0]);
        if (!changes) return;
        context.report({
          node,
          message: "Test files run in threads of one process: this changes it for the others",
          hint: "Use runApart() of tests/run_apart.ts, or a variable whose name begins with CAISSON_TEST_",
        });
      },
    };
  },
};

const noUpdateAcrossAwait: Deno.lint.Rule = {
  create(context) {
    return {
      AwaitExpression(node) {
        let at: Deno.lint.Node | undefined = node;
        while (at !== undefined && !/Function|^(?:Program|BlockStatement)$/.test(at.type)) {
          if (at.type === "AssignmentExpression" && at.operator !== "=" && at.left.type === "MemberExpression") {
            return context.report({
              node: at,
              message: "The old value is read before the wait: what others add meanwhile is lost",
              hint: "Wait first, into a constant, and add that",
            });
          }
          at = "parent" in at ? at.parent as Deno.lint.Node | undefined : undefined;
        }
      },
    };
  },
};

const style: Deno.lint.Plugin = {
  name: "caisson",
  rules: {
    "worker-in-one-place": workerInOnePlace,
    "dlopen-in-ffi": dlopenInFfi,
    "no-bare-error": noBareError,
    "prefer-private-field": preferPrivateField,
    "no-update-across-await": noUpdateAcrossAwait,
    "no-export-all": noExportAll,
    "no-default-export": noDefaultExport,
    "tests-share-the-process": testsShareTheProcess,
  },
};

export default style;
