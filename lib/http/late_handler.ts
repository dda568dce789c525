/** A handler that is loaded once the server listens, so that a start need not wait for what answers. */

import type { Handler } from "./server.ts";

/** The handler and its loading. */
export interface LateHandler {
  /** Answers; a request that comes before `load` loads. */
  readonly handle: Handler;
  /** Resolves when it is loaded. @throws {Error} what loading throws, each time */
  load(): Promise<void>;
}

/** Makes it; `make` is called once. */
export function lateHandler(make: () => Promise<Handler>): LateHandler {
  let loading: Promise<Handler> | undefined;
  let handler: Handler = async (request, info) => {
    await load();
    return await handler(request, info);
  };
  async function load(): Promise<void> {
    handler = await (loading ??= make());
  }
  return { handle: (request, info) => handler(request, info), load };
}
