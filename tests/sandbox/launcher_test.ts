import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { buildSandboxPrograms, outputOf, type SandboxPrograms } from "./sandbox_programs.ts";

const linux = Deno.build.os === "linux";
const isRoot = linux && Deno.uid() === 0;

/** Things to act on, made anew for each deed: what one broke, the next one finds whole. */
interface Ground extends AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly freePort: number;
  readonly victim: number;
  readonly unix: string;
}

async function ground(): Promise<Ground> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const free = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const freePort = free.addr.port;
  free.close();
  const unix = Deno.listen({ transport: "unix", path: `${folder}/socket` });
  const victim = new Deno.Command("sleep", { args: ["60"], stdin: "null", stdout: "null", stderr: "null" }).spawn();
  return {
    folder,
    port: listener.addr.port,
    freePort,
    victim: victim.pid,
    unix: `${folder}/socket`,
    async [Symbol.asyncDispose]() {
      victim.kill("SIGKILL");
      await victim.status;
      listener.close();
      unix.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Fresh files in the ground's folder. */
async function freshFiles({ folder }: Ground): Promise<void> {
  await Deno.remove(`${folder}/work`, { recursive: true }).catch(() => {});
  await Deno.mkdir(`${folder}/work`);
  await Deno.writeTextFile(`${folder}/work/file`, "text");
}

interface Deed {
  readonly words: (at: Ground) => readonly (string | number)[];
  /** Only root can do it at all. */
  readonly root?: true;
  /** Left open for the start of the program: refused only once it has confined itself. */
  readonly confined?: true;
  /** Where the kernel's own refusal differs. @default {EPERM or EACCES} */
  readonly refusal?: string;
}

/** Numbers of errors, as the program prints them. */
const EPERM = "1";
const EACCES = "13";
const ENOSYS = "38";

const refusedDeeds: Readonly<Record<string, Deed>> = {
  "read a file": { words: ({ folder }) => ["read", `${folder}/work/file`] },
  "list a folder": { words: ({ folder }) => ["list", `${folder}/work`] },
  "write a file": { words: ({ folder }) => ["write", `${folder}/work/file`] },
  "make a file": { words: ({ folder }) => ["write", `${folder}/work/new`] },
  "truncate a file": { words: ({ folder }) => ["truncate", `${folder}/work/file`] },
  "make a folder": { words: ({ folder }) => ["make-folder", `${folder}/work/new`] },
  "remove a file": { words: ({ folder }) => ["remove", `${folder}/work/file`] },
  "rename a file": { words: ({ folder }) => ["rename", `${folder}/work/file`, `${folder}/work/new`] },
  "link a file": { words: ({ folder }) => ["link", `${folder}/work/file`, `${folder}/work/new`] },
  "make a symbolic link": { words: ({ folder }) => ["symlink", `${folder}/work/new`] },
  "make a device": { words: ({ folder }) => ["make-device", `${folder}/work/new`], root: true },
  "make a named pipe": { words: ({ folder }) => ["make-pipe", `${folder}/work/new`] },
  "change a file's mode": { words: ({ folder }) => ["chmod", `${folder}/work/file`] },
  "change the mode of an open file": { words: ({ folder }) => ["fchmod", `${folder}/work/file`] },
  "change a file's mode the new way": { words: ({ folder }) => ["fchmodat2", `${folder}/work/file`] },
  "change a file's owner": { words: ({ folder }) => ["chown", `${folder}/work/file`] },
  "change a file's times": { words: ({ folder }) => ["touch", `${folder}/work/file`] },
  "watch a folder": { words: ({ folder }) => ["watch", `${folder}/work`] },
  "run a program": { words: () => ["execute", "/bin/echo"] },
  "run a program from memory": { words: () => ["execute-memory", "/bin/echo"] },
  "fork": { words: () => ["fork"] },
  "clone itself": { words: () => ["clone"] },
  "clone itself the new way": { words: () => ["clone3"], refusal: ENOSYS },
  "connect to a port": { words: ({ port }) => ["connect", port] },
  "connect by multipath TCP": { words: ({ port }) => ["connect-multipath", port] },
  "connect by fast open": { words: ({ port }) => ["fast-open", "sendto", port] },
  "connect by fast open in a message": { words: ({ port }) => ["fast-open", "sendmsg", port] },
  "connect by fast open in many messages": { words: ({ port }) => ["fast-open", "sendmmsg", port] },
  "listen on a port": { words: ({ freePort }) => ["listen", freePort] },
  "listen on any port": { words: () => ["listen-anywhere"] },
  "send a datagram": { words: ({ port }) => ["datagram", port] },
  "connect to a Unix socket": { words: ({ unix }) => ["connect-unix", unix] },
  "open a netlink socket": { words: () => ["socket", 16, 3, 0] },
  "open a packet socket": { words: () => ["socket", 17, 3, 0], root: true },
  "open a raw socket": { words: () => ["socket", 2, 3, 1], root: true },
  "make a pair of datagram sockets": { words: () => ["pair", 2] },
  "make a pair of sockets": { words: () => ["pair", 1], confined: true },
  "signal another process": { words: ({ victim }) => ["signal", victim] },
  "signal a thread of another process": { words: ({ victim }) => ["signal-thread", victim] },
  "signal through a descriptor": { words: ({ victim }) => ["signal-descriptor", victim] },
  "trace another process": { words: ({ victim }) => ["trace", victim] },
  "read another process's memory": { words: ({ victim }) => ["peek", victim] },
  "open another process's memory": { words: ({ victim }) => ["open-memory", victim] },
  "limit another process": { words: ({ victim }) => ["limit-process", victim] },
  "keep keys": { words: () => ["keyring"] },
  "make a map in the kernel": { words: () => ["maps"], root: true },
  "become a user of its own": { words: () => ["new-user"] },
  "have mounts of its own": { words: () => ["new-mounts"], root: true },
  "enter a namespace": { words: () => ["enter"], root: true },
  "change its root": { words: ({ folder }) => ["new-root", folder], root: true },
  "copy mounts": { words: ({ folder }) => ["open-mounts", folder], root: true },
  "name a file by handle": { words: ({ folder }) => ["by-handle", folder] },
  "become another user": { words: () => ["other-user"], root: true },
  "hold capabilities": { words: () => ["capabilities"], root: true },
  "raise its limits": { words: () => ["more-files"] },
  "be dumped": { words: () => ["dump"], confined: true },
  "change how it is scheduled": { words: () => ["real-time"] },
  "share memory by key": { words: () => ["shared-segment"] },
  "lead a session": { words: () => ["new-session"] },
  "have no random addresses": { words: () => ["old-layout"] },
  "handle its own refusals": { words: () => ["handle-refusals"], confined: true },
  "make memory with a descriptor": { words: () => ["memory"] },
};

async function attempt(
  { launcher, deeds }: SandboxPrograms,
  how: "free" | "launched" | "confined",
  words: readonly (string | number)[],
  rights: readonly string[] = [],
): Promise<{ out: string; err: string }> {
  const deed = words.map(String);
  if (how === "free") return await outputOf(deeds, deed);
  const confine = how === "confined" ? ["--confine"] : [];
  return await outputOf(launcher, [...rights, "--", deeds, ...confine, ...deed]);
}

Deno.test({
  name: "what a process may do without the launcher, it may not do with it",
  ignore: !linux,
  async fn(test) {
    await using programs = await buildSandboxPrograms();
    await using at = await ground();
    // Sockets of the internet are there, for another port: what is refused is refused by its rule.
    const rights = ["--connect=9", "--bind=9"];
    for (const [name, { words, root, confined, refusal }] of Object.entries(refusedDeeds)) {
      await test.step({
        name,
        ignore: root === true && !isRoot,
        async fn() {
          await freshFiles(at);
          assertEquals((await attempt(programs, "free", words(at))).out, "done", "without the launcher");
          for (const how of ["launched", "confined"] as const) {
            if (how === "launched" && confined) continue;
            await freshFiles(at);
            const { out, err } = await attempt(programs, how, words(at), name === "listen on any port" ? [] : rights);
            assert(refusal === undefined ? out === EPERM || out === EACCES : out === refusal, `${how}: ${out} ${err}`);
          }
        },
      });
    }
  },
});

Deno.test({
  name: "what was granted can be done under the launcher",
  ignore: !linux,
  async fn() {
    await using programs = await buildSandboxPrograms();
    await using at = await ground();
    const work = `${at.folder}/work`;
    for (
      const [right, ...words] of [
        [`--read=${work}`, "read", `${work}/file`],
        [`--read=${work}`, "list", work],
        [`--write=${work}`, "write", `${work}/new`],
        [`--write=${work}`, "truncate", `${work}/file`],
        [`--write=${work}`, "make-folder", `${work}/new`],
        [`--write=${work}`, "remove", `${work}/file`],
        [`--write=${work}`, "rename", `${work}/file`, `${work}/new`],
        [`--write=${work}/file`, "write", `${work}/file`],
        ["--names", "read", "/etc/hosts"],
        [`--connect=${at.port}`, "connect", at.port],
        ["--connect-any", "connect", at.port],
        [`--bind=${at.freePort}`, "listen", at.freePort],
        ["--datagrams", "datagram", at.port],
        ["--watch", "watch", "/"],
        ["--files=64", "thread"],
      ] as const
    ) {
      await freshFiles(at);
      for (const how of ["launched", "confined"] as const) {
        await freshFiles(at);
        assertEquals((await attempt(programs, how, words, [right])).out, "done", `${how} ${right} ${words}`);
      }
    }
    await freshFiles(at);
    assertEquals((await attempt(programs, "confined", ["write", `${work}/file`], [`--read=${work}`])).out, EACCES);
    assertEquals((await attempt(programs, "confined", ["symlink", `${work}/new`], [`--write=${work}`])).out, EACCES);
    assertEquals((await attempt(programs, "confined", ["connect", at.freePort], [`--connect=${at.port}`])).out, EACCES);
  },
});

Deno.test({
  name: "the first refused call of each kind is reported by name and number, once",
  ignore: !linux,
  async fn() {
    await using programs = await buildSandboxPrograms();
    const { out, err } = await attempt(programs, "confined", ["handle-refusals"]);
    assertEquals([out, err], [EPERM, ""]);
    assertMatch(
      (await attempt(programs, "confined", ["memory"])).err,
      /^caisson sandbox: refused memfd_create \(\d+\)$/,
    );
  },
});

Deno.test({
  name: "no descriptor of the host reaches the program",
  ignore: !linux,
  async fn() {
    await using programs = await buildSandboxPrograms();
    const { launcher, deeds } = programs;
    const run = (command: string) => outputOf("sh", ["-c", `exec 7</etc/passwd; exec ${command}`]);
    assertEquals((await run(`${deeds} descriptor 7`)).out, "done");
    assertEquals((await run(`${launcher} -- ${deeds} descriptor 7`)).out, "9");
  },
});

Deno.test({
  name: "memory beyond the limit is refused to the program",
  ignore: !linux,
  async fn() {
    await using programs = await buildSandboxPrograms();
    assertEquals((await attempt(programs, "free", ["allocate", 128])).out, "done");
    assertEquals((await attempt(programs, "confined", ["allocate", 128], [`--data-bytes=${64 << 20}`])).out, "12");
    assertEquals((await attempt(programs, "confined", ["allocate", 32], [`--data-bytes=${64 << 20}`])).out, "done");
  },
});

Deno.test({
  name: "a right that is unknown, or said wrongly, starts nothing",
  ignore: !linux,
  async fn() {
    await using programs = await buildSandboxPrograms();
    const { launcher, deeds } = programs;
    for (
      const right of [
        "--raed=/etc",
        "--execute=/bin/sh",
        "--read",
        "--read=",
        "--read=etc",
        "--connect=65536",
        "--connect=-1",
        "--connect= 80",
        "--connect=80x",
        "--connect=",
        "--data-bytes=99999999999999999999",
        "--files=1e3",
        "--connect-any=yes",
        "/etc/passwd",
        "",
      ]
    ) {
      const { out, err } = await outputOf(launcher, ["--read=/", right, "--", deeds]);
      assertEquals(out, "");
      assertStringIncludes(err, "is no right of this launcher", right);
    }
    for (const words of [[], ["--"], ["--", "deeds"], ["--read=/etc"]]) {
      assertStringIncludes((await outputOf(launcher, words)).err, "no program with an absolute path");
    }
    const nowhere = `${programs.folder}/nowhere`;
    const missing = await outputOf(launcher, [`--write=${nowhere}`, "--", deeds, "thread"]);
    assertStringIncludes(missing.err, `${nowhere}: No such file`);
  },
});
