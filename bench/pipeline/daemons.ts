/**
 * rsyslog and syslog-ng from Debian, doing the same to the lines of a file. Neither has windows like ours: for `count`
 * and `logging` they parse and write only, which is less work than anybody else does; for `enrich`, rsyslog counts by
 * service, without a sum, a maximum or an end.
 * @module
 */
import { dirname, join } from "@std/path";
import type { WorkloadName } from "./workloads.ts";

/** Packages syslog-ng needs; unpacked instead of installed, since it conflicts with rsyslog. */
const SYSLOG_NG = [
  "syslog-ng-core",
  ...["libcap2", "libglib2.0-0", "libivykis0", "libjson-c5", "libnet1", "libpcre3", "libwrap0"],
];

/** Events a second and core of a daemon, its start not counted. */
export type Daemon = (workload: WorkloadName, file: string, lines: number) => Promise<number>;

async function run(command: string, args: readonly string[], cwd?: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, {
    args: [...args],
    stdout: "null",
    env: { DEBIAN_FRONTEND: "noninteractive" },
    ...(cwd === undefined ? {} : { cwd }),
  }).output();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const SAME = 1500;

/** Ticks of the clock in which Linux counts processor time. */
const TICKS_A_SECOND = 100;

/** Processor time of all threads of a process so far, seconds. */
async function processorSeconds(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The name of the program, which may hold anything, ends with the last bracket; user and system time are the 12th and 13th after it.
  const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13).map(Number);
  return (user! + system!) / TICKS_A_SECOND;
}

/**
 * Starts a daemon, and watches its output grow until it has not for 1.5 s: the time 95 % of it took, from its first byte on.
 * Daemons have threads for input and output; what more than one core does is divided by the cores it kept busy.
 */
async function watch(command: Deno.Command, output: string, lines: number): Promise<number> {
  const child = command.spawn();
  let first = 0;
  let usedBefore = 0;
  const sizes: [time: number, size: number, used: number][] = [];
  try {
    const deadline = performance.now() + 120_000;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const now = performance.now();
      if (now > deadline) break;
      const size = await exists(output) ? (await Deno.stat(output)).size : 0;
      if (size === 0) continue;
      const used = await processorSeconds(child.pid);
      if (first === 0) [first, usedBefore] = [now, used];
      const last = sizes.at(-1);
      if (last === undefined || last[1] !== size) sizes.push([now, size, used]);
      else if (now - last[0] > SAME) break;
    }
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
  const total = sizes.at(-1)?.[1] ?? 0;
  const reached = sizes.find(([, size]) => size >= 0.95 * total);
  if (reached === undefined) throw new Error("the daemon wrote nothing");
  const seconds = Math.max((reached[0] - first) / 1000, reached[2] - usedBefore, 0.001);
  return reached[1] / total * lines / seconds;
}

function rsyslogRules(workload: WorkloadName, output: string): string {
  const write = (template: string) =>
    `action(type="omfile" file="${output}" template="${template}" ioBufferSize="64k" flushOnTXEnd="off")`;
  const parse = `action(type="mmjsonparse" cookie="")`;
  switch (workload) {
    case "pass":
    case "logging":
    case "count":
      return `${workload === "pass" ? "" : parse}\n${write("raw")}`;
    case "filter":
      return `${parse}\nif $!level == "error" then { ${write("raw")} }`;
    case "project":
      return `${parse}\n${write("three")}`;
    case "enrich":
      return `${parse}\nif $!level != "debug" then {\nset $!env = "prod";\nset $!svc_host = $!service & "@" & $!host;\n` +
        `unset $!user;\nset $.counted = dyn_inc("services", $!service);\n${write("whole")}\n}`;
  }
}

async function rsyslog(folder: string): Promise<Daemon> {
  if (!await exists("/usr/sbin/rsyslogd")) {
    await run("apt-get", ["install", "-qq", "-y", "--no-install-recommends", "rsyslog"]);
  }
  return async (workload, file, lines) => {
    const work = await Deno.makeTempDir({ dir: folder });
    const output = join(work, "out");
    const config = join(work, "rsyslog.conf");
    await Deno.writeTextFile(
      config,
      `global(workDirectory="${work}" maxMessageSize="64k")
module(load="imfile" mode="polling" pollingInterval="1")
module(load="mmjsonparse")
template(name="raw" type="list") { property(name="msg") constant(value="\\n") }
template(name="whole" type="list") { property(name="$!all-json-plain") constant(value="\\n") }
template(name="three" type="list") {
  constant(value="{\\"id\\":") property(name="$!id") constant(value=",\\"service\\":\\"") property(name="$!service")
  constant(value="\\",\\"latency_ms\\":") property(name="$!latency_ms") constant(value="}\\n")
}
dyn_stats(name="services")
ruleset(name="work") {
${rsyslogRules(workload, output)}
}
input(type="imfile" file="${file}" tag="bench" ruleset="work" freshStartTail="off")
`,
    );
    return await watch(
      new Deno.Command("/usr/sbin/rsyslogd", {
        args: ["-n", "-f", config, "-i", join(work, "pid")],
        stdout: "null",
        stderr: "null",
      }),
      output,
      lines,
    );
  };
}

function syslogNgRules(workload: WorkloadName): { readonly path: string; readonly template: string } {
  const raw = "$MSG\\n";
  switch (workload) {
    case "pass":
      return { path: "", template: raw };
    case "logging":
    case "count":
      return { path: "parser(p);", template: raw };
    case "filter":
      return { path: "parser(p); filter(error);", template: raw };
    case "project":
      return {
        path: "parser(p);",
        template: "$(format-json id=${.j.id} service=${.j.service} latency_ms=${.j.latency_ms})\\n",
      };
    case "enrich":
      return {
        path: "parser(p); filter(quiet); rewrite(enrich);",
        template: "$(format-json --scope none --key .j.* --shift-levels 2)\\n",
      };
  }
}

/** A command that runs syslog-ng with a configuration, its state in the folder of that file. */
export type SyslogNg = (config: string) => Deno.Command;

async function unpackSyslogNg(folder: string): Promise<SyslogNg> {
  const packages = join(folder, "syslog-ng");
  const root = join(packages, "root");
  await Deno.mkdir(root, { recursive: true });
  await run("apt-get", ["download", "-qq", ...SYSLOG_NG], packages);
  for await (const { name } of Deno.readDir(packages)) {
    if (name.endsWith(".deb")) await run("dpkg", ["-x", name, root], packages);
  }
  const libraries: string[] = [join(root, "usr/lib/syslog-ng")];
  for (const folder of ["usr/lib", "lib"]) {
    if (!await exists(join(root, folder))) continue;
    for await (const { name } of Deno.readDir(join(root, folder))) {
      if (name.endsWith("-linux-gnu")) libraries.push(join(root, folder, name));
    }
  }
  let modules = "";
  for await (const { name, isDirectory } of Deno.readDir(join(root, "usr/lib/syslog-ng"))) {
    if (isDirectory) modules = join(root, "usr/lib/syslog-ng", name);
  }
  return (config) => {
    const work = dirname(config);
    return new Deno.Command(join(root, "usr/sbin/syslog-ng"), {
      args: [
        ...["-F", "--no-caps", "-f", config, "-R", join(work, "persist"), "-p", join(work, "pid")],
        ...["-c", join(work, "ctl"), `--module-path=${modules}`],
      ],
      env: { "LD_LIBRARY_PATH": libraries.join(":") },
      stdout: "null",
      stderr: "null",
    });
  };
}

const PARTS = `@version: 3.38
options { stats-freq(0); };
parser p { json-parser(prefix(".j.")); };
filter error { "\${.j.level}" eq "error" };
filter quiet { "\${.j.level}" ne "debug" };
rewrite enrich { set("prod" value(".j.env")); set("\${.j.service}@@\${.j.host}" value(".j.svc_host")); };
`;

function syslogNg(folder: string, command: SyslogNg): Daemon {
  return async (workload, file, lines) => {
    const work = await Deno.makeTempDir({ dir: folder });
    const output = join(work, "out");
    const config = join(work, "syslog-ng.conf");
    const { path, template } = syslogNgRules(workload);
    await Deno.writeTextFile(
      config,
      `${PARTS}
source s { file("${file}" follow-freq(1) flags(no-parse) log-fetch-limit(1000) log-iw-size(10000)); };
destination d { file("${output}" template("${template}") log-fifo-size(200000)); };
log { source(s); ${path} destination(d); flags(flow-control); };
`,
    );
    return await watch(command(config), output, lines);
  };
}

/** What syslog-ng does of the workload `enrich` between two ports, each line sent on as soon as it is done. */
export function syslogNgFromTcpToTcp(listenPort: string, connectPort: string): string {
  const { path, template } = syslogNgRules("enrich");
  return `${PARTS}
source s { network(ip("127.0.0.1") port(${listenPort}) transport("tcp") flags(no-parse) log-iw-size(100000)); };
destination d { network("127.0.0.1" port(${connectPort}) transport("tcp") template("${template}") flush-lines(1)
  log-fifo-size(200000) time-reopen(1)); };
log { source(s); ${path} destination(d); flags(flow-control); };
`;
}

/** What measures the daemons. */
export interface Daemons {
  /** Events a second of each, through files. */
  readonly throughput: Readonly<Record<"rsyslog" | "syslog-ng", Daemon>>;
  /** Starts syslog-ng for something else. */
  readonly syslogNg: SyslogNg;
}

/** Both daemons, installed when they are not there; what they need lies in `folder`. */
export async function daemons(folder: string): Promise<Daemons> {
  const command = await unpackSyslogNg(folder);
  return {
    throughput: { "rsyslog": await rsyslog(folder), "syslog-ng": syslogNg(folder, command) },
    syslogNg: command,
  };
}
