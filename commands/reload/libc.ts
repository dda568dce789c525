/** Where the C library of this system is; Alpine's has another name. */

/** Its file, for the runtime's foreign functions. */
export function libcName(): string {
  const arch = Deno.build.arch === "aarch64" ? "aarch64" : "x86_64";
  const musl = `/lib/ld-musl-${arch}.so.1`;
  try {
    Deno.statSync(musl);
    return musl;
  } catch {
    // Not that kind of system.
    return "libc.so.6";
  }
}
