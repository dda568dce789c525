/**
 * Runs the test suites and ends with the line `N passed, N failed, N skipped`. Suites are named on the
 * command line; without a name all of them run. Used by `deno task test` and nothing else.
 */

import { SUITES } from "./suites.ts";
import type { Suite } from "./suites.ts";
import { installDebianPackages } from "./support/debian.ts";

interface Count {
  passed: number;
  failed: number;
  ignored: number;
}

const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed(?: \| (\d+) ignored)?/;

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => SUITES[name] === undefined);
  if (unknown.length > 0) {
    say(`Unknown suite ${unknown.join(", ")}: known are ${Object.keys(SUITES).join(", ")}`);
    return 2;
  }
  if (Deno.env.get("CI") === "true") await installDebianPackages(say);
  const total: Count = { passed: 0, failed: 0, ignored: 0 };
  let broken = false;
  for (const [name, suite] of Object.entries(SUITES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    say(`== ${name}: ${suite.title}`);
    const count = await runSuite(suite);
    if (count === undefined) {
      say(`== ${name}: ended without a summary`);
      broken = true;
      continue;
    }
    total.passed += count.passed;
    total.failed += count.failed;
    total.ignored += count.ignored;
  }
  // Where everything can be installed, a test that did not run is a fault of the set-up.
  const incomplete = Deno.env.get("CI") === "true" && total.ignored > 0;
  if (incomplete) say("ignored tests count as a failure here, because CI is set");
  const skipped = total.ignored > 0 ? `, ${total.ignored} skipped` : "";
  say(`${total.passed} passed, ${total.failed + (broken ? 1 : 0)} failed${skipped}`);
  return broken || incomplete || total.failed > 0 || total.passed === 0 ? 1 : 0;
}

/** A suite that says nothing for so long hangs: without an end of ours nobody would learn in which test. */
const MAX_SILENCE_MS = 300_000;

/** Most runs of a suite whose process the runtime itself brought down. */
const MAX_RUNS = 3;

/**
 * Runs one suite, passing its output on; `undefined` when it printed no summary.
 *
 * The fake API server and the client under test share a process, and the runtime's HTTP/2 code has an assertion
 * that ends it now and then when a client says goodbye (denoland/deno#36788; docs/decisions/0009-kube-transport.md).
 * Such an end by a signal says nothing about the tests, so the suite is run again, visibly. A failed test is not.
 */
async function runSuite(suite: Suite): Promise<Count | undefined> {
  const prepared = await suite.prepare?.();
  try {
    for (let run = 1;; run++) {
      const { count, signal } = await runOnce(suite, prepared?.env ?? {});
      if (signal === null || run === MAX_RUNS) return signal === null ? count : undefined;
      say(`== the runtime ended by ${signal}; run ${run + 1} of at most ${MAX_RUNS}`);
    }
  } finally {
    await prepared?.release();
  }
}

async function runOnce(suite: Suite, env: Readonly<Record<string, string>>) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-A",
      "--parallel",
      "--quiet",
      `--retry=${suite.retries ?? 0}`,
      ...(suite.ignore ?? []).map((file) => `--ignore=${file}`),
      ...suite.files,
    ],
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const silence = watchSilence(() => {
    say(`== nothing was said for ${MAX_SILENCE_MS / 1000} s, the test behind the last line hangs`);
    child.kill("SIGKILL");
  });
  const count = await summaryOf(child.stdout, silence.heard);
  silence.end();
  const { success, signal } = await child.status;
  // A run that failed without a failed test (a file that does not compile) must not count as passed.
  const isWhole = success || count === undefined || count.failed > 0;
  // One that hangs would hang again.
  return { count: isWhole ? count : undefined, signal: silence.isOver() ? null : signal };
}

function watchSilence(onSilence: () => void) {
  let isOver = false;
  const begin = () =>
    setTimeout(() => {
      isOver = true;
      onSilence();
    }, MAX_SILENCE_MS);
  let timer = begin();
  return {
    heard() {
      clearTimeout(timer);
      timer = begin();
    },
    end: () => clearTimeout(timer),
    isOver: () => isOver,
  };
}

async function summaryOf(
  output: ReadableStream<Uint8Array>,
  onChunk: () => void,
): Promise<Count | undefined> {
  let count: Count | undefined;
  let rest = "";
  for await (const chunk of output.pipeThrough(new TextDecoderStream())) {
    onChunk();
    Deno.stdout.writeSync(new TextEncoder().encode(chunk));
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const found = SUMMARY.exec(line);
      if (found === null) continue;
      count = {
        passed: Number(found[1]),
        failed: Number(found[2]),
        ignored: Number(found[3] ?? 0),
      };
    }
  }
  return count;
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

Deno.exit(await main(Deno.args.filter((arg) => arg !== "--")));
