/**
 * A real RabbitMQ for one test: Debian's package, started on free ports with a data folder of its own and gone
 * with the test.
 */

import { debianProgram } from "./debian.ts";
import { eventually } from "./eventually.ts";
import { tempDir } from "./temp_dir.ts";
import type { TempDir } from "./temp_dir.ts";

/** A broker that can be killed and started again at the same address. */
export interface RabbitMq extends AsyncDisposable {
  /** `amqp://guest:guest@127.0.0.1:PORT/`. */
  readonly url: string;
  readonly port: number;
  /** Starts it again after `kill`, with what it had durable. */
  start(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Runs `rabbitmqctl` against it and returns what it printed. */
  ctl(...args: readonly string[]): Promise<string>;
}

/** Debian wraps the programs to change the user; the real ones lie here. */
const BIN = "/usr/lib/rabbitmq/bin";

/** How long a start may take; the machine may be busy with other tests. */
const START_MS = 60_000;

/** Whether it can be started, for the name of an ignored test. */
export async function rabbitMqUnavailable(): Promise<string | undefined> {
  const found = await debianProgram("rabbitmq-server");
  return "unavailable" in found ? found.unavailable : undefined;
}

/** Starts a broker and waits until it accepts connections. */
export async function startRabbitMq(): Promise<RabbitMq> {
  const dir = await tempDir();
  const ports = { amqp: freePort(), dist: freePort(), epmd: freePort() };
  const env = environment(dir, ports);
  let child: Deno.ChildProcess | undefined;

  async function start(): Promise<void> {
    child = new Deno.Command(`${BIN}/rabbitmq-server`, {
      env,
      cwd: dir.path,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const deadline = performance.now() + START_MS;
    while (!await speaksAmqp(ports.amqp)) {
      if (performance.now() > deadline) throw new Error(`No RabbitMQ within ${START_MS} ms`);
      await new Promise<void>((resolve) => setTimeout(resolve, 50));
    }
  }

  async function kill(): Promise<void> {
    if (child === undefined) return;
    const running = child;
    child = undefined;
    // The Erlang machine is a child of the shell script that was started; the script ends with it.
    for (const pid of await childrenOf(running.pid)) Deno.kill(pid, "SIGKILL");
    await running.status;
    await eventually("the port is closed", async () => !await accepts(ports.amqp));
  }

  await start();
  return {
    url: `amqp://guest:guest@127.0.0.1:${ports.amqp}/`,
    port: ports.amqp,
    start,
    kill,
    async ctl(...args) {
      const { success, stdout, stderr } = await new Deno.Command(`${BIN}/rabbitmqctl`, {
        args: ["--quiet", ...args],
        env,
        cwd: dir.path,
        stdin: "null",
      }).output();
      const decoder = new TextDecoder();
      if (!success) throw new Error(decoder.decode(stderr) + decoder.decode(stdout));
      return decoder.decode(stdout);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await new Deno.Command("epmd", {
        args: ["-port", String(ports.epmd), "-kill"],
        stdout: "null",
        stderr: "null",
      }).output();
      await dir[Symbol.asyncDispose]();
    },
  };
}

function environment(
  dir: TempDir,
  ports: { readonly amqp: number; readonly dist: number; readonly epmd: number },
): Record<string, string> {
  return {
    HOME: dir.path,
    RABBITMQ_NODENAME: `kcfg${ports.amqp}@localhost`,
    RABBITMQ_MNESIA_BASE: `${dir.path}/mnesia`,
    RABBITMQ_LOG_BASE: `${dir.path}/log`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${dir.path}/plugins`,
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(ports.amqp),
    RABBITMQ_DIST_PORT: String(ports.dist),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}",
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: "127.0.0.1",
  };
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  return text.split(" ").filter((word) => word !== "").map(Number);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

/** The port opens before the broker serves; its first frame says that it does. */
async function speaksAmqp(port: number): Promise<boolean> {
  if (!await accepts(port)) return false;
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new Uint8Array([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]));
  const buffer = new Uint8Array(16);
  const count = await connection.read(buffer);
  return count !== null && buffer[0] === 1;
}
