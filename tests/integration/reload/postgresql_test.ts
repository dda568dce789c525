/** PostgreSQL under `kcfg reload … -- postgres …`, its configuration in a ConfigMap of a real API server. */

import assert from "node:assert/strict";
import { controlPlane } from "#tests/support/control_plane.ts";
import { testNamespace } from "#tests/support/control_plane/harness.ts";
import { plainRequest } from "#tests/support/control_plane/http.ts";
import { debianProgram } from "#tests/support/debian.ts";
import { eventually } from "#tests/support/eventually.ts";
import { startReload, untilReady } from "#tests/support/reload.ts";
import { tempDir } from "#tests/support/temp_dir.ts";

const plane = await controlPlane();
const postgres = await debianProgram("postgres");
const problem = "unavailable" in plane
  ? plane.unavailable
  : "unavailable" in postgres
  ? postgres.unavailable
  : undefined;

/** PostgreSQL refuses to run as root, so that its own user runs it there. */
const AS_USER = Deno.uid() === 0
  ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
  : [];

async function output(argv: readonly string[]): Promise<string> {
  const [program = "", ...args] = argv;
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd: "/" }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}

function configuration(dir: string, workMem: string): string {
  return [
    `data_directory = '${dir}/data'`,
    `hba_file = '${dir}/data/pg_hba.conf'`,
    `ident_file = '${dir}/data/pg_ident.conf'`,
    "listen_addresses = ''",
    `unix_socket_directories = '${dir}'`,
    `work_mem = ${workMem}`,
    "",
  ].join("\n");
}

Deno.test({
  name: `reload: PostgreSQL takes a changed setting, never a wrong one, and stops cleanly${
    problem === undefined ? "" : ` (ignored: ${problem})`
  }`,
  ignore: problem !== undefined,
  async fn() {
    assert.ok(!("unavailable" in plane) && !("unavailable" in postgres));
    const bin = postgres.path.slice(0, postgres.path.lastIndexOf("/"));
    await using dir = await tempDir();
    const { path } = dir;
    if (AS_USER.length > 0) await output(["chown", "postgres", path]);
    await output([
      ...[...AS_USER, `${bin}/initdb`, "--pgdata", `${path}/data`, "--username=kcfg"],
      ...["--auth=trust", "--no-sync"],
    ]);
    await using namespace = await testNamespace(plane.admin);
    const object = `/api/v1/namespaces/${namespace.name}/configmaps/pg`;
    const set = async (workMem: string) => {
      await plainRequest(plane.admin, {
        method: "PATCH",
        path: object,
        contentType: "application/merge-patch+json",
        body: JSON.stringify({ data: { "postgresql.conf": configuration(path, workMem) } }),
      });
    };
    await plainRequest(plane.admin, {
      method: "POST",
      path: object.slice(0, object.lastIndexOf("/")),
      body: JSON.stringify({
        metadata: { name: "pg" },
        data: { "postgresql.conf": configuration(path, "'4MB'") },
      }),
    });
    const root = `${path}/config`;
    await using kcfg = await startReload([
      ...["--kubeconfig", plane.kubeconfigPath, `--configroot=${root}`],
      `--configmap=${namespace.name}/pg`,
      `--validate-command=${postgres.path} -C work_mem -c config_file={dir}/postgresql.conf`,
      ...["--", ...AS_USER, postgres.path, "-c", `config_file=${root}/postgresql.conf`],
    ]);
    await untilReady(kcfg);
    const ask = (sql: string) =>
      output(["psql", "--host", path, "--username=kcfg", "--dbname=postgres", "-Atc", sql]);
    await eventually("PostgreSQL answers", () => ask("SELECT 1").catch(() => undefined));
    assert.equal(await ask("SHOW work_mem"), "4MB");
    await set("'5MB'");
    await eventually("the setting is live", async () => await ask("SHOW work_mem") === "5MB");
    await set("'a lot'");
    await eventually("it is refused", async () => (await kcfg.status()).state === "refused");
    assert.match((await kcfg.status()).validation.lastError ?? "", /invalid value.*work_mem/);
    assert.match(await Deno.readTextFile(`${root}/postgresql.conf`), /work_mem = '5MB'/);
    await set("'6MB'");
    await eventually("the next good one", async () => await ask("SHOW work_mem") === "6MB");
    await eventually("two reloads, none for the wrong one", async () => {
      return await kcfg.metric("kcfg_reload_reloads_total") === 2;
    });
    kcfg.signal("SIGTERM");
    assert.equal(await kcfg.exitCode(), 0);
    assert.match(kcfg.stderr(), /database system is shut down/);
  },
});

Deno.test({
  name: `reload: the exit status is PostgreSQL's own${
    problem === undefined ? "" : ` (ignored: ${problem})`
  }`,
  ignore: problem !== undefined,
  async fn() {
    assert.ok(!("unavailable" in postgres));
    await using dir = await tempDir();
    await dir.write("volume/postgresql.conf", configuration(dir.path, "'4MB'"));
    await using kcfg = await startReload([
      ...[`--configroot=${dir.path}/config`, `--volume-dir=${dir.path}/volume`],
      ...["--", ...AS_USER, postgres.path],
      ...["-c", `config_file=${dir.path}/config/postgresql.conf`],
    ]);
    // It ends by itself: there is no data directory, or it may not look there.
    assert.notEqual(await kcfg.exitCode(), 0);
    assert.match(kcfg.stderr(), /"message":"application ended".*"code":[12]/);
  },
});

Deno.test({
  name: `deploy/reload/postgresql.yaml: the check accepts its file before there is a database${
    "unavailable" in postgres ? ` (ignored: ${postgres.unavailable})` : ""
  }`,
  ignore: "unavailable" in postgres,
  async fn() {
    assert.ok(!("unavailable" in postgres));
    const manifest = await Deno.readTextFile(
      new URL("../../../deploy/reload/postgresql.yaml", import.meta.url),
    );
    const check = /--validate-command=(.*)/.exec(manifest)?.[1] ?? "";
    const settings = [...manifest.matchAll(/^ {4}(\w+ = .*)$/gm)].map(([, line]) => line);
    await using dir = await tempDir();
    const statusWith = async (lines: readonly unknown[]) => {
      await dir.write("postgresql.conf", `${lines.join("\n")}\n`);
      const [, ...args] = check.replaceAll("{dir}", dir.path).split(" ");
      const run = new Deno.Command(postgres.path, { args, clearEnv: true, cwd: "/" });
      return (await run.output()).code;
    };
    assert.ok(settings.length > 1);
    assert.equal(await statusWith(settings), 0);
    assert.notEqual(await statusWith([...settings, "work_mem = 'a lot'"]), 0);
  },
});
