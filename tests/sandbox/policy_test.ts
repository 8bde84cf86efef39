import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { sandboxArguments } from "../../permissions/sandbox/policy.ts";
import { cc, outputOf } from "./sandbox_programs.ts";

const file = (path: string) => fromFileUrl(new URL(path, import.meta.url));

Deno.test({
  name: "policies put together at random are read or refused, under the sanitizers",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const program = await Deno.makeTempFile();
    try {
      await cc([
        ...["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-g", "-O1"],
        ...["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"],
        ...["-o", program, file("fuzz_policy.c"), file("../../permissions/sandbox/policy.c")],
      ]);
      const { out, err } = await outputOf(program, ["1", "50000"]);
      assertEquals(err, "");
      const [read, refused] = out.split(" ").map(Number);
      assert(read! > 5000 && refused! > 5000, `${read} read, ${refused} refused`);
    } finally {
      await Deno.remove(program);
    }
  },
});

Deno.test("a policy becomes arguments that name each right by itself", () => {
  assertEquals(
    sandboxArguments({
      read: ["/a", "/b"],
      write: ["/c"],
      connect: [443],
      bind: [8080],
      names: true,
      watch: true,
      dataBytes: 1024,
      fileBytes: 512,
      files: 64,
    }, "/proc/1/fd/9"),
    [
      ...["--read=/a", "--read=/b", "--write=/c", "--connect=443", "--bind=8080", "--names", "--datagrams", "--watch"],
      ...["--data-bytes=1024", "--file-bytes=512", "--files=64", "--memory=/proc/1/fd/9", "--"],
    ],
  );
});
