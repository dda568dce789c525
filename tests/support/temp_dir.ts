/** A directory that is gone when the test ends: `await using dir = await tempDir();` */

/** A throw-away directory. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
  /** Writes a file below the directory, making its parents; returns its absolute path. */
  write(relativePath: string, content: string | Uint8Array): Promise<string>;
}

/** Makes a fresh directory. */
export async function tempDir(): Promise<TempDir> {
  const path = await Deno.makeTempDir({ prefix: "kcfg-test-" });
  return {
    path,
    async write(relativePath, content) {
      const target = `${path}/${relativePath}`;
      await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
      await Deno.writeFile(
        target,
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
      return target;
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
    },
  };
}
