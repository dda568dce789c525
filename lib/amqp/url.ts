/** Addresses of brokers, read as the AMQP URI scheme has them. */

/** Where a broker is and who asks. */
export interface AmqpAddress {
  readonly tls: boolean;
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
}

/**
 * Reads `amqp://USER:PASSWORD@HOST:PORT/VHOST`. Without credentials `guest`, without a port 5672 (5671 for
 * `amqps`), and an empty path means the virtual host `/`.
 *
 * @returns `undefined` when the text is no such URL
 */
export function parseAmqpUrl(text: string): AmqpAddress | undefined {
  const url = URL.parse(text);
  if (url === null || !/^amqps?:$/.test(url.protocol) || url.hostname === "") return undefined;
  const tls = url.protocol === "amqps:";
  const path = url.pathname.replace(/^\//, "");
  try {
    const username = decodeURIComponent(url.username);
    return {
      tls,
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? (tls ? 5671 : 5672) : Number(url.port),
      username: username === "" ? "guest" : username,
      password: username === "" ? "guest" : decodeURIComponent(url.password),
      vhost: path === "" ? "/" : decodeURIComponent(path),
    };
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
