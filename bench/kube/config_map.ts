/** A ConfigMap for a bench, created without the client under measurement. */

import type { Endpoint } from "../../tests/support/control_plane/http.ts";
import { Bare } from "./bare.ts";

/** Creates it. */
export async function createConfigMap(
  { url, caPem = "", token }: Endpoint,
  { namespace, name, data }: {
    readonly namespace: string;
    readonly name: string;
    readonly data: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const writer = new Bare({ url, caPem, token });
  try {
    await writer.json(`/api/v1/namespaces/${namespace}/configmaps`, {
      method: "POST",
      body: JSON.stringify({ metadata: { name }, data }),
      headers: { "content-type": "application/json" },
    });
  } finally {
    writer.close();
  }
}
