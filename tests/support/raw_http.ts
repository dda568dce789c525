/** HTTP written by hand over TCP, for what `fetch` would tidy up or refuse to send. */

/** Sends `text` as it is and returns everything the server answers until it closes or falls silent. */
export async function rawHttp(
  address: { readonly hostname: string; readonly port: number },
  text: string,
): Promise<string> {
  using connection = await Deno.connect(address);
  await connection.write(new TextEncoder().encode(text));
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(64 * 1024);
  let answer = "";
  for (let count = await connection.read(buffer); count !== null;) {
    answer += decoder.decode(buffer.subarray(0, count), { stream: true });
    if (isComplete(answer)) break;
    count = await connection.read(buffer);
  }
  return answer;
}

/** Whether headers and as much body as they announce have come. */
function isComplete(answer: string): boolean {
  const end = answer.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, end))?.[1];
  return length === undefined || answer.length - end - 4 >= Number(length);
}
