/** A directory written the way the kubelet writes ConfigMap volumes: versions behind an atomically swapped link. */

/** A volume at a path of one's choice. */
export class KubeletVolume {
  readonly path: string;
  #version = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Puts a new version in place: files, then `..data` in one step, then the visible links, then the clean-up. */
  async write(values: Readonly<Record<string, string>>): Promise<void> {
    await Deno.mkdir(this.path, { recursive: true });
    const previous = await Deno.readLink(`${this.path}/..data`).catch(() => undefined);
    const version = `..2026_01_01_00_00_00.${String(this.#version++).padStart(9, "0")}`;
    await Deno.mkdir(`${this.path}/${version}`);
    for (const [name, text] of Object.entries(values)) {
      await Deno.writeTextFile(`${this.path}/${version}/${name}`, text);
    }
    await Deno.symlink(version, `${this.path}/..data_tmp`);
    await Deno.rename(`${this.path}/..data_tmp`, `${this.path}/..data`);
    await this.#adjustLinks(Object.keys(values));
    if (previous !== undefined) await Deno.remove(`${this.path}/${previous}`, { recursive: true });
  }

  async #adjustLinks(names: readonly string[]): Promise<void> {
    const present = new Set<string>();
    for await (const { name, isSymlink } of Deno.readDir(this.path)) {
      if (!isSymlink || name.startsWith("..")) continue;
      if (names.includes(name)) present.add(name);
      else await Deno.remove(`${this.path}/${name}`);
    }
    for (const name of names) {
      if (!present.has(name)) await Deno.symlink(`..data/${name}`, `${this.path}/${name}`);
    }
  }
}
