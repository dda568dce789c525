/** A directory that changes as the kubelet changes a mounted ConfigMap: all files at once, by swapping a link. */

/** A mounted volume. */
export interface KubeletVolume {
  readonly path: string;
  /**
   * Replaces the whole content; file names may come and go.
   *
   * @param onPrepared called when all is written, right before the link is moved
   */
  swap(
    files: Readonly<Record<string, string | Uint8Array>>,
    onPrepared?: () => void,
  ): Promise<void>;
}

/** Makes a volume below `parent` with its first content. */
export async function kubeletVolume(
  parent: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<KubeletVolume> {
  const path = `${parent}/volume`;
  await Deno.mkdir(path, { recursive: true });
  let generation = 0;
  let current: string | undefined;

  async function swap(
    next: Readonly<Record<string, string | Uint8Array>>,
    onPrepared: () => void = () => {},
  ): Promise<void> {
    generation += 1;
    const folder = `..2026_01_01_00_00_00.${String(generation).padStart(9, "0")}`;
    await Deno.mkdir(`${path}/${folder}`);
    for (const [name, content] of Object.entries(next)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(`${path}/${folder}/${name}`, bytes);
    }
    await Deno.symlink(folder, `${path}/..data_tmp`);
    onPrepared();
    await Deno.rename(`${path}/..data_tmp`, `${path}/..data`);
    await linkNames(path, Object.keys(next));
    if (current !== undefined) await Deno.remove(`${path}/${current}`, { recursive: true });
    current = folder;
  }

  await swap(files);
  return { path, swap };
}

/** The links that users see: one per file, through `..data`. */
async function linkNames(path: string, names: readonly string[]): Promise<void> {
  const present = (await Array.fromAsync(Deno.readDir(path))).map((entry) => entry.name)
    .filter((name) => !name.startsWith(".."));
  for (const name of names.filter((wanted) => !present.includes(wanted))) {
    await Deno.symlink(`..data/${name}`, `${path}/${name}`);
  }
  for (const name of present.filter((old) => !names.includes(old))) {
    await Deno.remove(`${path}/${name}`);
  }
}
