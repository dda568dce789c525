/** Who gets in: tokens of a file, tokens of service accounts, and which applications they may read. */

import assert from "node:assert/strict";
import { silentLogger } from "#lib/log/logger.ts";
import { Metrics } from "#lib/metrics/metrics.ts";
import { createCertificateAuthority } from "#tests/support/certificates.ts";
import { ManualClock } from "#tests/support/clock.ts";
import type { NamedObjects } from "./applications.ts";
import { createBearer } from "./bearer.ts";
import { createGuard } from "./guard.ts";
import { createCertified } from "./mtls.ts";
import type { Authenticator } from "./identity.ts";
import { createTokenReview } from "./token_review.ts";
import type { TokenStatus } from "./token_review.ts";

function guardOf(authenticator: Authenticator, objects?: NamedObjects) {
  const deny = createGuard({
    authenticators: [authenticator],
    objects,
    metrics: new Metrics(),
    log: silentLogger,
  });
  return async (key: string, authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    const denied = await deny(new Request("http://h/", { headers }), key);
    return denied === undefined ? 200 : denied.status;
  };
}

Deno.test("bearer tokens open what their line says, and nothing without one", async (t) => {
  const lines = ["# a comment", "all-of-it", "team orders billing-*"];
  const ask = guardOf(createBearer(() => Promise.resolve(lines)));
  const cases: [string, string | undefined, number][] = [
    ["/orders/dev", undefined, 401],
    ["/orders/dev", "Basic dGVhbTo=", 401],
    ["/orders/dev", "Bearer nobody", 401],
    ["/orders/dev", "Bearer #", 401],
    ["/orders/dev", "Bearer all-of-it", 200],
    ["/orders/dev", "bearer team", 200],
    ["/orders-dev.yml", "Bearer team", 200],
    ["/billing-api/dev", "Bearer team", 200],
    ["/billing/dev", "Bearer team", 403],
    ["/orders,billing/dev", "Bearer team", 403],
    ["/orders-api-dev.yml", "Bearer team", 403],
    ["/orders-dev.yml,secret-dev.yml", "Bearer team", 403],
    ["/application/dev", "Bearer team", 200],
    ["/application-dev.yml", "Bearer team", 200],
  ];
  for (const [key, header, status] of cases) {
    await t.step(`${key} ${header}`, async () => assert.equal(await ask(key, header), status));
  }
});

Deno.test("a key of an object is about the application of the object, whatever its file is called", async (t) => {
  const authenticator = createBearer(() => Promise.resolve(["t orders", "n team-a dev"]));
  const cases: [spring: boolean, key: string, token: string, status: number][] = [
    [false, "/billing/application.yml", "t", 403],
    [false, "/orders/application.yml", "t", 200],
    [false, "/orders-dev/application.yml", "t", 200],
    [false, "/orders/billing.yml", "t", 200],
    [false, "/billing/orders.yml", "t", 403],
    [false, "/team-a/billing/password", "n", 403],
    [false, "/team-a/orders/password", "t", 200],
    [false, "/application/shared.yml", "t", 200],
    [true, "/billing/application-dev.yml", "t", 403],
    [true, "/orders/orders-dev.yml", "t", 200],
    [true, "/billing/orders-dev.yml", "t", 403],
    [true, "/orders-dev.yml", "t", 200],
    [true, "/orders/dev/main", "t", 200],
    [true, "/team-a/dev/main", "t", 403],
    [true, "/team-a/dev/main", "n", 200],
  ];
  for (const [spring, key, token, status] of cases) {
    const ask = guardOf(authenticator, { namespaces: ["team-a"], spring });
    await t.step(`${spring} ${key} ${token}`, async () => {
      assert.equal(await ask(key, `Bearer ${token}`), status);
    });
  }
});

Deno.test("a 401 says how to come in", async () => {
  const deny = createGuard({ authenticators: [], metrics: new Metrics(), log: silentLogger });
  const denied = await deny(new Request("http://h/"), "/a");
  assert.equal(denied?.headers.get("www-authenticate"), 'Bearer realm="kcfg"');
  assert.equal(await denied?.text(), "unauthorized");
});

const OWNER: TokenStatus = {
  authenticated: true,
  audiences: ["kcfg"],
  user: { username: "system:serviceaccount:team-a:orders" },
};

function reviewing(
  status: () => TokenStatus,
  { authz = "same-name", apps }: { authz?: "none" | "same-name"; apps?: string } = {},
) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const authenticator = createTokenReview({ audience: "kcfg", authz }, {
    clock,
    reviewer: {
      review(token, audience) {
        asked.push(`${token} ${audience}`);
        return new Promise((resolve) => resolve(status()));
      },
      appsOf: () => Promise.resolve(apps),
    },
  });
  return { ask: guardOf(authenticator), clock, asked };
}

Deno.test("a service account reads the application of its name, and those of its annotation", async () => {
  const { ask } = reviewing(() => OWNER, { apps: "billing, shipping" });
  assert.equal(await ask("/orders/dev", "Bearer t"), 200);
  assert.equal(await ask("/shipping/dev", "Bearer t"), 200);
  assert.equal(await ask("/stock/dev", "Bearer t"), 403);
  const user = reviewing(() => ({ ...OWNER, user: { username: "orders" } }));
  assert.equal(await user.ask("/orders/dev", "Bearer t"), 403);
  const any = reviewing(() => ({ ...OWNER, user: { username: "x" } }), { authz: "none" });
  assert.equal(await any.ask("/orders/dev", "Bearer t"), 200);
});

Deno.test("a token for another audience, or none at all, is unknown", async () => {
  for (const status of [{ authenticated: false }, {}, { ...OWNER, audiences: ["api"] }]) {
    assert.equal(await reviewing(() => status).ask("/orders/dev", "Bearer t"), 401);
  }
});

Deno.test("a judgement is remembered: success 60 s, never past the token's own end, failure 5 s", async () => {
  const good = reviewing(() => OWNER);
  await Promise.all([good.ask("/orders/dev", "Bearer t"), good.ask("/orders/dev", "Bearer t")]);
  await good.clock.advance(59_999);
  await good.ask("/orders/dev", "Bearer t");
  assert.equal(good.asked.length, 1);
  await good.clock.advance(1);
  await good.ask("/orders/dev", "Bearer t");
  assert.equal(good.asked.length, 2);
  const exp = Math.floor(good.clock.now() / 1000) + 10;
  const token = `h.${btoa(JSON.stringify({ exp })).replace(/=+$/, "")}.s`;
  await good.ask("/orders/dev", `Bearer ${token}`);
  await good.clock.advance(10_000);
  await good.ask("/orders/dev", `Bearer ${token}`);
  assert.equal(good.asked.length, 4);
  const bad = reviewing(() => ({}));
  await bad.ask("/orders/dev", "Bearer t");
  await bad.clock.advance(4999);
  await bad.ask("/orders/dev", "Bearer t");
  assert.equal(bad.asked.length, 1);
  await bad.clock.advance(1);
  await bad.ask("/orders/dev", "Bearer t");
  assert.equal(bad.asked.length, 2);
});

Deno.test("an API server that is away lets nobody in", async () => {
  const { ask, asked } = reviewing(() => {
    throw new Error("connection refused");
  });
  assert.equal(await ask("/orders/dev", "Bearer t"), 503);
  assert.equal(await ask("/orders/dev", "Bearer t"), 503);
  assert.equal(asked.length, 2, "it is asked again at once");
});

Deno.test("a certificate opens what its name may read, and a token what the certificate does not", async () => {
  const { raw } = await issuedFor("spiffe://cluster.local/ns/team-a/sa/orders");
  const guardWith = (authz: "none" | "same-name", hasCertificate: boolean) => {
    const deny = createGuard({
      authenticators: [createBearer(() => Promise.resolve(["t billing"]))],
      certified: createCertified(
        { authz },
        () => hasCertificate ? { raw, commonName: "admin" } : undefined,
      ),
      metrics: new Metrics(),
      log: silentLogger,
    });
    return async (key: string, token?: string) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      return (await deny(new Request("http://h/", { headers }), key))?.status ?? 200;
    };
  };
  const own = guardWith("same-name", HAS_CERTIFICATE);
  assert.equal(await own("/orders/dev"), 200);
  assert.equal(await own("/admin/dev"), 403, "the common name does not count beside another");
  assert.equal(await own("/billing/dev"), 403);
  assert.equal(await own("/billing/dev", "t"), 200);
  assert.equal(await own("/billing/dev", "wrong"), 401);
  assert.equal(await guardWith("none", HAS_CERTIFICATE)("/billing/dev"), 200);
  assert.equal(await guardWith("none", !HAS_CERTIFICATE)("/billing/dev"), 401);
});

const HAS_CERTIFICATE = true;

async function issuedFor(uri: string) {
  const authority = await createCertificateAuthority();
  const { certificatePem } = await authority.issue({ commonName: "admin", uris: [uri] });
  return { raw: Uint8Array.fromBase64(certificatePem.replace(/-----[A-Z ]+-----|\s/g, "")) };
}
