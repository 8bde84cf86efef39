// deno-lint-ignore-file no-console -- the figures are what one reads
/** What syslog-ng loses under the kills that `kill_hosts_test.ts` gives a host; where it is installed. @module */
import { assert } from "@std/assert";
import { countLines } from "../flow/kill_hosts.ts";

const SYSLOG_NG = ["/usr/sbin/syslog-ng", "/usr/local/sbin/syslog-ng"].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});
/** Events a millisecond: less than it can write, so that nothing piles up before it. */
const RATE = 50;
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A free port of the loopback. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function connected(port: number): Promise<Deno.TcpConn> {
  for (let attempt = 0;; attempt++) {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port });
    } catch (error) {
      if (attempt === 1000) throw error;
      await pause(10);
    }
  }
}

Deno.test({
  name: "syslog-ng, killed 200 times during 2,000,000 events: what it loses and what arrives twice, for comparison",
  ignore: SYSLOG_NG === undefined,
  async fn() {
    const [events, kills] = [2_000_000, 200];
    const folder = await Deno.makeTempDir();
    const port = freePort();
    try {
      await Deno.writeTextFile(
        `${folder}/syslog-ng.conf`,
        `@version: 3.35
options { stats-freq(0); };
source s { network(ip("127.0.0.1") port(${port}) transport("tcp") flags(no-parse)); };
destination d { file("${folder}/lines.txt" template("$MSG\\n")); };
log { source(s); destination(d); flags(flow-control); };
`,
      );
      const start = (): Deno.ChildProcess =>
        new Deno.Command(SYSLOG_NG!, {
          args: ["-F", "-f", "syslog-ng.conf", "-R", "persist", "-p", "pid", "-c", "control", "--no-caps"],
          cwd: folder,
          stdin: "null",
          stdout: "null",
          stderr: "null",
        }).spawn();
      let server = start();
      let sent = 0;
      let killed = 0;
      let connection = await connected(port);
      let startedAt = performance.now();
      const encoder = new TextEncoder();
      while (sent < events) {
        const end = Math.min(events, sent + 16);
        let text = "";
        for (let n = sent; n < end; n++) text += `{"n":${n}}\n`;
        if (killed < kills && sent >= (killed + Math.random()) / kills * events) {
          server.kill("SIGKILL");
          await server.status;
          killed++;
          server = start();
          // It has to be given a chance: what is sent before it reads would all be lost with the next kill.
          connection.close();
          connection = await connected(port);
          startedAt = performance.now() - sent / RATE;
        }
        while ((performance.now() - startedAt) * RATE < sent) await pause(1);
        try {
          // What the kernel took is all that plain TCP lets a client know.
          const bytes = encoder.encode(text);
          for (let at = 0; at < bytes.byteLength;) at += await connection.write(bytes.subarray(at));
          sent = end;
        } catch {
          connection.close();
          connection = await connected(port);
        }
      }
      connection.close();
      let size = -1;
      for (let now = 0; now !== size; await pause(500)) {
        size = now;
        now = (await Deno.stat(`${folder}/lines.txt`)).size;
        if (size === 0) size = -1;
      }
      server.kill("SIGTERM");
      await server.status;
      const { missing, duplicates, torn } = await countLines(`${folder}/lines.txt`, events);
      console.log(
        `syslog-ng: ${events} events, ${killed} kills, ${missing} missing, ${torn} torn, ${duplicates} twice`,
      );
      assert(killed === kills, "it was killed as often as a host is");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
