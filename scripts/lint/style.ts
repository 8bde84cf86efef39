export default { name: "caisson", rules: {} } satisfies Deno.lint.Plugin;
