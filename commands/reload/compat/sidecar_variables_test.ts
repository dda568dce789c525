/** What k8s-sidecar's variables mean in flags, and that every such flag is one of reload. */

import assert from "node:assert/strict";
import { LIST_SEPARATOR } from "#lib/cli/flag.ts";
import { UsageError } from "#lib/cli/usage_error.ts";
import { sidecarOptions } from "./sidecar.ts";
import { sidecarFlags } from "./sidecar_variables.ts";

const NEEDED = { LABEL: "grafana_dashboard", FOLDER: "/tmp/dashboards" };
const SCANNED = { flags: {}, positionals: [], passthrough: undefined };

function flagsOf(env: Record<string, string>): Readonly<Record<string, string>> {
  return sidecarFlags({ ...NEEDED, ...env }).flags;
}

Deno.test("k8s-sidecar's variables: the defaults", () => {
  assert.deepEqual(sidecarFlags(NEEDED), {
    healthAddress: ":8080",
    flags: {
      selector: "grafana_dashboard",
      resources: "configmap",
      "selector-namespaces": "",
      "selector-name": "",
      "folder-annotation": "k8s-sidecar-target-directory",
      "unique-filenames": "false",
      "insecure-skip-tls-verify": "false",
      "on-conflict": "last-wins",
      "startup-timeout": "0",
      configroot: "/tmp/dashboards",
      layout: "flat",
      "url-keys": "2xx",
      "resync-interval": "60s",
      once: "false",
      "reload-action": "none",
      "reload-on-start": "always",
      "log-format": "json",
    },
  });
});

Deno.test("k8s-sidecar's variables: each of them", () => {
  const rows: readonly (readonly [Record<string, string>, Record<string, string>])[] = [
    [{ LABEL_VALUE: "1" }, { selector: "grafana_dashboard=1" }],
    [{ RESOURCE: "both" }, { resources: "both" }],
    [{ NAMESPACE: "a,b" }, { "selector-namespaces": "a,b" }],
    [{ RESOURCE_NAME: "a, team/secret/b" }, {
      "selector-name": `a${LIST_SEPARATOR}team/secret/b`,
    }],
    [{ FOLDER_ANNOTATION: "folder" }, { "folder-annotation": "folder" }],
    [{ UNIQUE_FILENAMES: "True" }, { "unique-filenames": "true" }],
    [{ SKIP_TLS_VERIFY: "true" }, { "insecure-skip-tls-verify": "true" }],
    [{ DEFAULT_FILE_MODE: "440" }, { "file-mode": "440" }],
    [{ ENABLE_5XX: "true" }, { "url-keys": "any" }],
    [{ METHOD: "LIST" }, { once: "true" }],
    [{ METHOD: "SLEEP" }, { once: "false", "resync-interval": "60s" }],
    [{ METHOD: "SLEEP", SLEEP_TIME: "5" }, { "resync-interval": "5s" }],
    [{ WATCH_SERVER_TIMEOUT: "30" }, { "resync-interval": "30s" }],
    [{ SCRIPT: "/s.sh" }, {
      "reload-action": "command",
      "reload-command":
        '["sh","-c","if [ -x \\"$1\\" ]; then exec \\"$1\\"; else exec sh \\"$1\\"; fi","sh","/s.sh"]',
    }],
    [{ SCRIPT: "/s.sh", REQ_URL: "http://a/" }, { "reload-action": "command,http" }],
    [{ REQ_URL: "http://a/" }, {
      "reload-action": "http",
      "reload-http": "http://a/",
      "reload-http-method": "GET",
      "reload-timeout": "10s",
      "reload-http-insecure-skip-verify": "false",
    }],
    [{ REQ_URL: "http://a/", REQ_METHOD: "POST", REQ_PAYLOAD: '{"a": 1}', REQ_TIMEOUT: "2.5" }, {
      "reload-http-method": "POST",
      "reload-http-body": '{"a": 1}',
      "reload-timeout": "2.5s",
    }],
    [{ REQ_URL: "http://a/", REQ_METHOD: "POST", REQ_PAYLOAD: "go" }, {
      "reload-http-body": '"go"',
    }],
    [{ REQ_URL: "http://a/", REQ_USERNAME: "müller", REQ_PASSWORD: "p:w" }, {
      "reload-http-header": "Authorization: Basic bfxsbGVyOnA6dw==",
    }],
    [
      {
        ...{ REQ_URL: "http://a/", REQ_USERNAME: "müller", REQ_PASSWORD: "p" },
        REQ_BASIC_AUTH_ENCODING: "utf-8",
      },
      { "reload-http-header": "Authorization: Basic bcO8bGxlcjpw" },
    ],
    [{ REQ_URL: "http://a/", REQ_USERNAME: "a@b", REQ_PASSWORD: "no", REQ_PASSWORD_FILE: "/p" }, {
      "reload-http": "http://a%40b@a/",
      "reload-http-password-file": "/p",
    }],
    [{ REQ_URL: "http://a/", REQ_SKIP_INIT: "true", REQ_SKIP_TLS_VERIFY: "true" }, {
      "reload-on-start": "never",
      "reload-http-insecure-skip-verify": "true",
    }],
    [{ LOG_LEVEL: "DEBUG", LOG_FORMAT: "LOGFMT" }, { "log-level": "debug", "log-format": "text" }],
  ];
  for (const [env, expected] of rows) {
    const flags = flagsOf(env);
    for (const [name, text] of Object.entries(expected)) {
      assert.equal(flags[name], text, `${JSON.stringify(env)}: ${name}`);
    }
    // Each is a flag of reload and makes sense to it.
    sidecarOptions(SCANNED, { ...NEEDED, ...env }, "/");
  }
  assert.equal(
    sidecarFlags({ ...NEEDED, HEALTH_HOST: "::1", HEALTH_PORT: "9" }).healthAddress,
    "[::1]:9",
  );
  assert.ok(
    !Object.hasOwn(flagsOf({ REQ_URL: "http://a/", REQ_USERNAME: "alone" }), "reload-http-header"),
  );
});

Deno.test("k8s-sidecar's variables: what makes no sense is named", () => {
  for (
    const [env, message] of [
      [{ LABEL: "" }, /LABEL: it is missing/],
      [{ FOLDER: "" }, /FOLDER: it is missing/],
      [{ RESOURCE: "pod" }, /RESOURCE: "pod" is not one of configmap/],
      [{ REQ_URL: "http://a/", REQ_METHOD: "PUT" }, /REQ_METHOD: "PUT"/],
      [{ METHOD: "SLEEP", SLEEP_TIME: "soon" }, /SLEEP_TIME: "soon" is no number/],
      [{ LOG_LEVEL: "LOUD" }, /LOG_LEVEL/],
      [{ REQ_URL: "http://a/", REQ_USERNAME: "日", REQ_PASSWORD: "x" }, /latin1/],
    ] as const
  ) {
    assert.throws(() => flagsOf(env), (error: unknown) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("k8s-sidecar's variables: flags count more, and the words to use instead have no password", () => {
  const env = {
    ...{ ...NEEDED, REQ_URL: "http://a/", REQ_USERNAME: "u", REQ_PASSWORD: "hunter2" },
    NAMESPACE: "it's",
  };
  const { layout, equivalent = "", sidecarHealth } = sidecarOptions(
    { ...SCANNED, flags: { layout: "symlink" } },
    env,
    "/",
  );
  assert.equal(layout, "symlink");
  assert.deepEqual(sidecarHealth, { hostname: undefined, port: 8080 });
  assert.match(
    equivalent,
    /kcfg reload .*--selector=grafana_dashboard .*--reload-http=http:\/\/a\//,
  );
  assert.match(equivalent, /'--selector-namespaces=it'\\''s'/);
  assert.doesNotMatch(equivalent, /hunter2|dTpodW50ZXIy|resources/);
});
