/** The API server as judge of tokens. Loaded only where `--auth=tokenreview` asks for it. */

import { SERVE_CONFIG_REVIEW_SCOPE } from "#lib/kube/declarations/serve_config_peers.ts";
import { type KubeSettings, openClient } from "#lib/kube/deno_client.ts";
import { isForbidden, isNotFound, type KubeClient, type KubeObject } from "#lib/kube/mod.ts";
import type { Logger } from "#lib/log/logger.ts";
import type { Clock } from "#lib/run/clock.ts";
import type { TokenReviewer, TokenStatus } from "./token_review.ts";

/** A reviewer with a connection behind it. */
export interface KubeReviewer extends TokenReviewer {
  close(): Promise<void>;
}

/** Requests of clients wait for it. */
const TIMEOUT_MS = 5000;
const APPS_ANNOTATION = "kcfg.dev/apps";

/** Makes the reviewer; it connects at its first question. */
export function createKubeReviewer(
  settings: KubeSettings,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): KubeReviewer {
  let opening: Promise<KubeClient> | undefined;

  function client(): Promise<KubeClient> {
    opening ??= openClient({ ...settings, qps: -1 }, {
      command: "serve-config",
      scope: SERVE_CONFIG_REVIEW_SCOPE,
      clock,
      log,
    }).catch((error) => {
      // The next question tries again.
      opening = undefined;
      throw error;
    });
    return opening;
  }

  return {
    async review(token, audience) {
      const review = await (await client()).create<KubeObject & { readonly status?: TokenStatus }>(
        { group: "authentication.k8s.io", version: "v1", resource: "tokenreviews" },
        {
          apiVersion: "authentication.k8s.io/v1",
          kind: "TokenReview",
          metadata: {},
          spec: { token, audiences: [audience] },
        },
        { timeoutMs: TIMEOUT_MS },
      );
      return review.status ?? {};
    },
    async appsOf({ namespace, name }) {
      try {
        const account = await (await client()).get(
          { group: "", version: "v1", resource: "serviceaccounts", namespace, name },
          { timeoutMs: TIMEOUT_MS },
        );
        return account.metadata.annotations?.[APPS_ANNOTATION];
      } catch (error) {
        // Its own name is all that counts then.
        if (isForbidden(error) || isNotFound(error)) {
          log.warn("annotation of a service account cannot be read", { namespace, name });
          return undefined;
        }
        throw error;
      }
    },
    async close() {
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}
