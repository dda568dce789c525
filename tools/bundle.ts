/** Makes `dist/js`: the program as a few JavaScript files, one per command and shared part. */

const ROOT = new URL("..", import.meta.url).pathname;

/**
 * Bundles `main.ts` with code splitting, so that a command loads only its own parts.
 *
 * @returns the path of the bundle's entry
 * @throws {Error} with the bundler's output when it fails
 */
export async function bundle(): Promise<{ readonly entry: string }> {
  const outDir = `${ROOT}dist/js`;
  await Deno.remove(outDir, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--code-splitting",
      "--sourcemap=linked",
      "--outdir",
      outDir,
      "main.ts",
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot bundle main.ts: ${new TextDecoder().decode(stderr)}`);
  return { entry: `${outDir}/main.js` };
}
