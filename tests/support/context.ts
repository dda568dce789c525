/** Surroundings for a command under test: captured streams, own clock, a signal the test aborts. */

import type { Clock } from "#lib/run/clock.ts";
import type { RunContext, TextSink } from "#lib/run/context.ts";
import { systemClock } from "#lib/run/clock.ts";

/** A context and what was written to it. */
export interface TestContext {
  readonly context: RunContext;
  stdout(): string;
  stderr(): string;
  /** Stands for SIGTERM. */
  stop(): void;
  /** Stands for one of the other signals. */
  raise(name: string): void;
}

/** Makes a context. */
export function testContext(
  { env = {}, clock = systemClock }: {
    readonly env?: Readonly<Record<string, string>>;
    readonly clock?: Clock;
  } = {},
): TestContext {
  const out: string[] = [];
  const err: string[] = [];
  const stopping = new AbortController();
  const listeners = new Map<string, Set<() => void>>();
  const sink = (lines: string[]): TextSink => ({
    isTerminal: false,
    write: (text) => void lines.push(text),
  });
  return {
    context: {
      env,
      clock,
      stdout: sink(out),
      stderr: sink(err),
      signal: stopping.signal,
      onSignal(name, listener) {
        const set = listeners.get(name) ?? new Set();
        listeners.set(name, set.add(listener));
        return { [Symbol.dispose]: () => void set.delete(listener) };
      },
    },
    stdout: () => out.join(""),
    stderr: () => err.join(""),
    stop: () => stopping.abort(),
    raise: (name) => listeners.get(name)?.forEach((listener) => listener()),
  };
}
