/** Every row of the parse table of resolve.md 3. */

import assert from "node:assert/strict";
import { InvalidTargetError, parseTarget } from "./target.ts";

/** Target → `service|namespace|port|mode`, or the reason it is refused for; `·` is the current namespace. */
const ROWS: Readonly<Record<string, string | RegExp>> = {
  "kubernetes:///web": "web|·||first",
  "kubernetes:///web:8080": "web|·|8080|number",
  "kubernetes:///web:grpc": "web|·|grpc|name",
  "kubernetes:///web.prod": "web|prod||first",
  "kubernetes:///web.prod:8080": "web|prod|8080|number",
  "kubernetes:///web.prod:grpc": "web|prod|grpc|name",
  "kubernetes:///web.prod.svc:8080": "web|prod|8080|number",
  "kubernetes:///web.prod.svc.cluster.local": "web|prod||first",
  "kubernetes:///web.prod.svc.cluster.local:grpc": "web|prod|grpc|name",
  "kubernetes:///web.prod.:80": "web|prod|80|number",
  "kubernetes://prod/web": "web|prod||first",
  "kubernetes://prod/web:8080": "web|prod|8080|number",
  "kubernetes://prod/web:grpc": "web|prod|grpc|name",
  "kubernetes://prod/web.other:8080": "web|prod|8080|number",
  "kubernetes://prod.x/web:80": /"prod.x" is no name of a namespace/,
  "kubernetes://web:8080/": "web|·|8080|number",
  "kubernetes://web:8080": "web|·|8080|number",
  "kubernetes://web.prod:8080/": "web|prod|8080|number",
  "kubernetes://web.prod:8080": "web|prod|8080|number",
  "kubernetes://web.prod/": "web|prod||first",
  "kubernetes://web/": "web|·||first",
  "kubernetes://web": "web|·||first",
  "kubernetes://web.prod.svc.cluster.local:8080": "web|prod|8080|number",
  "kubernetes://web:grpc/": "web|·|grpc|name",
  "kubernetes://web.prod:grpc": "web|prod|grpc|name",
  "kubernetes://prod:80/web": "prod|·|80|number",
  "kubernetes://prod:x/web": /invalid authority/,
  "kubernetes:web.prod:8080": "web|prod|8080|number",
  "kubernetes:/web:80": "web|·|80|number",
  "kubernetes:///web:": "web|·||first",
  "kubernetes:///": /must specify a service/,
  "kubernetes://": /must specify a service/,
  "kubernetes:///:8080": /must specify a service/,
  "kubernetes:///.prod:80": /must specify a service/,
  "kubernetes:///web:0": /"0" is no port/,
  "kubernetes:///web:70000": /"70000" is no port/,
  "kubernetes:///web:-1": /"-1" is no port/,
  "kubernetes:///web:+80": /"\+80" is no port/,
  "kubernetes:///a:b:c": /"a:b" is no name of a service/,
  "kubernetes:///web.prod:8080/x": /"8080\/x" is no port/,
  "kubernetes://prod/web/x:80": /"web\/x" is no name of a service/,
  "kubernetes:///web.prod:8080?x=1#y": "web|prod|8080|number",
  "kubernetes:///web%2Eprod:80": "web|prod|80|number",
  "kubernetes://u@prod/web:80": "web|prod|80|number",
  "kubernetes:///Web:80": /"Web" is no name of a service/,
  "kubernetes:///we b:80": /malformed escape or blank/,
  "KUBERNETES:///web": "web|·||first",
  "kubernetes:": /must specify a service/,
};

Deno.test("parseTarget() reads every form of kuberesolver's users", async (t) => {
  for (const [text, expected] of Object.entries(ROWS)) {
    await t.step(text, () => {
      const parse = () => parseTarget(text, { namespace: () => "·".replace("·", "here") });
      if (expected instanceof RegExp) {
        assert.throws(
          parse,
          (error) =>
            error instanceof InvalidTargetError && expected.test(error.message) &&
            error.message.startsWith(`kubernetes: invalid target "${text}": `),
        );
        return;
      }
      const { service, namespace, port, portMode } = parse();
      assert.equal([service, namespace, port, portMode].join("|"), expected.replace("·", "here"));
    });
  }
});

Deno.test("parseTarget() gives one name to all spellings, and says what it ignored", () => {
  assert.equal(parseTarget("KUBERNETES:///web.prod").canonical, "kubernetes://prod/web:");
  assert.equal(parseTarget("kubernetes://prod/web:80").canonical, "kubernetes://prod/web:80");
  assert.equal(parseTarget("kubernetes://prod:80/web").warnings.length, 1);
});
