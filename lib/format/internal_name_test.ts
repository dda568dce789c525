/** Internal names and addresses, and those that only look so. */

import assert from "node:assert/strict";
import { isInternalName } from "./internal_name.ts";

const INTERNAL = [
  "10.96.0.1",
  "100.64.0.1",
  "127.0.0.1",
  "169.254.1.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.49.2",
  "::1",
  "fd00:10:96::1",
  "fe80::1",
  "localhost",
  "kubernetes",
  "kubernetes.default.svc",
  "kubernetes.default.svc.cluster.local",
  "KUBERNETES.DEFAULT.SVC",
  "api.prod.internal",
];
const PUBLIC = [
  "9.255.255.255",
  "11.0.0.1",
  "100.128.0.1",
  "172.15.0.1",
  "172.32.0.1",
  "192.169.0.1",
  "8.8.8.8",
  "2001:4860::8888",
  "::ffff:10.0.0.1",
  "api.example.com",
  "local.example.com",
  "kubernetes.default.svc.corp.example",
  "10.0.0.1.example.com",
  "999.0.0.1",
  "",
];

Deno.test("isInternalName() knows what no public authority may vouch for", () => {
  for (const name of INTERNAL) assert.ok(isInternalName(name), name);
  for (const name of PUBLIC) assert.ok(!isInternalName(name), name);
});
