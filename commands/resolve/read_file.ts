/** Files of `--probe-tls`, with an error that names them. */

/** The bytes of a file. @throws {Error} naming the file */
export async function denoReadFile(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    throw new Error(`Cannot read "${path}"`, { cause });
  }
}
