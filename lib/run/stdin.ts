/** Standard input as a whole, for documents that are piped in. */

/** Greatest input that is read, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * All of standard input as UTF-8.
 *
 * @throws {RangeError} beyond 16 MiB
 */
export async function readAllStdin(): Promise<string> {
  const decoder = new TextDecoder();
  let [text, length] = ["", 0];
  for await (const chunk of Deno.stdin.readable) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new RangeError(`more than ${MAX_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
