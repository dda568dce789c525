/** What the client counts. A binding to a metrics library implements this; the default drops everything. */

/** Callbacks named after the metrics of the specification; labels never carry names, URLs or texts. */
export interface KubeMetrics {
  /** `kcfg_kube_requests_total`; `code` is the HTTP status or the kind of the transport error. */
  request(labels: { verb: string; resource: string; code: string }, durationSeconds: number): void;
  /** `kcfg_kube_request_retries_total`. */
  retry(reason: string): void;
  /** `kcfg_kube_rate_limiter_wait_seconds`. */
  rateLimiterWait(seconds: number): void;
  /** `kcfg_kube_watch_events_total`. */
  watchEvent(resource: string, type: string): void;
  /** `kcfg_kube_watch_restarts_total`. */
  watchRestart(resource: string, reason: string): void;
  /** `kcfg_kube_relists_total`. */
  relist(resource: string, reason: string): void;
  /** `kcfg_kube_drift_total`. */
  drift(resource: string, count: number): void;
  /** `kcfg_kube_store_objects`: by how many objects a store grew, for several stores to add up. */
  storeObjects(resource: string, change: number): void;
  /** `kcfg_kube_last_contact_seconds`, as the wall clock in seconds. */
  lastContact(resource: string, epochSeconds: number): void;
  /** `kcfg_kube_token_reloads_total`. */
  tokenReload(result: "ok" | "error"): void;
  /** `kcfg_kube_transport_recycles_total`. */
  transportRecycle(reason: string): void;
}

/** Drops everything. */
export const noKubeMetrics: KubeMetrics = {
  request() {},
  retry() {},
  rateLimiterWait() {},
  watchEvent() {},
  watchRestart() {},
  relist() {},
  drift() {},
  storeObjects() {},
  lastContact() {},
  tokenReload() {},
  transportRecycle() {},
};
