/**
 * A documented test hook: with its fences up the process tries one forbidden thing and says what the runtime
 * answered. It is how the tests prove that `--show-sandbox` tells the truth.
 */

/** Name of the variable that arms the hook; read once at start. */
export const SANDBOX_PROBE_VARIABLE = "KCFG_TEST_SANDBOX_PROBE";

/** What the probe prints, as one JSON line. */
export interface ProbeResult {
  readonly probe: string;
  readonly result: "denied" | "allowed";
  /** Name of the error the attempt ended with, null without one. */
  readonly error: string | null;
}

/**
 * Tries `probe`: `read:PATH`, `write:PATH`, `net:HOST:PORT`, `env:NAME`, `run:PROGRAM`, `sys:NAME`,
 * `ffi:PATH` or `import:URL`. Any failure but a refusal by the runtime counts as allowed.
 *
 * @returns `undefined` for a value of another form
 */
export async function trySandboxProbe(probe: string): Promise<ProbeResult | undefined> {
  const colon = probe.indexOf(":");
  const attempt = ATTEMPTS[probe.slice(0, colon)];
  const target = probe.slice(colon + 1);
  if (attempt === undefined || colon < 0 || target === "") return undefined;
  try {
    await attempt(target);
    return { probe, result: "allowed", error: null };
  } catch (error) {
    const name = error instanceof Error ? error.name : "unknown";
    return { probe, result: isRefusal(error) ? "denied" : "allowed", error: name };
  }
}

/** The runtime refuses with NotCapable, but wraps the refusal of an import into a TypeError. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === "NotCapable" || error.message.startsWith("Requires import access");
}

const ATTEMPTS: Readonly<Record<string, (target: string) => Promise<void>>> = {
  async read(path) {
    await Deno.stat(path);
  },
  async write(path) {
    (await Deno.open(path, { write: true, create: true })).close();
  },
  async net(address) {
    const colon = address.lastIndexOf(":");
    const hostname = address.slice(0, colon);
    (await Deno.connect({ hostname, port: Number(address.slice(colon + 1)) })).close();
  },
  env(name) {
    Deno.env.get(name);
    return Promise.resolve();
  },
  async run(program) {
    await new Deno.Command(program, { stdin: "null", stdout: "null", stderr: "null" }).output();
  },
  sys(name) {
    return name === "hostname" ? Promise.resolve(void Deno.hostname()) : querySys(name);
  },
  ffi(path) {
    Deno.dlopen(path, {}).close();
    return Promise.resolve();
  },
  async import(url) {
    await import(url);
  },
};

function querySys(name: string): Promise<void> {
  const kind = name as NonNullable<Deno.SysPermissionDescriptor["kind"]>;
  const { state } = Deno.permissions.querySync({ name: "sys", kind });
  if (state !== "granted") throw new Deno.errors.NotCapable(`Requires sys access to "${name}"`);
  return Promise.resolve();
}
