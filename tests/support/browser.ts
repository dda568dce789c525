/** A real browser for tests of pages: Debian's Chromium, headless, driven by the DevTools protocol. */

import { eventually } from "./eventually.ts";
import { collect } from "./process.ts";
import { tempDir } from "./temp_dir.ts";

/** A page that is open. */
export interface Page {
  /** Opens an address and waits until it is loaded. */
  goto(url: string): Promise<void>;
  /** The value of an expression in the page; promises are awaited. */
  evaluate<T>(expression: string): Promise<T>;
  /** Presses a key by its name: `Tab`, `Enter`, `a`. */
  press(key: string): Promise<void>;
  /** Types text where the focus is. */
  type(text: string): Promise<void>;
  /** Scripts of pages opened from now on do not run. */
  stopScripts(): Promise<void>;
  /** What a screen reader is told of each element: its role and name. */
  accessible(): Promise<readonly AccessibleNode[]>;
  /** Errors of scripts, and requests or scripts that the page's own policy refused, so far. */
  readonly problems: readonly string[];
}

/** An element as a screen reader sees it. */
export interface AccessibleNode {
  readonly role: string;
  readonly name: string;
}

/** A running browser with one page. */
export interface Browser extends AsyncDisposable {
  readonly page: Page;
}

/** Starts the browser at `program`; nothing of it is left behind. */
export async function startBrowser(program: string): Promise<Browser> {
  const profile = await tempDir();
  const child = new Deno.Command(program, {
    args: [
      "--headless=new",
      // Tests run as root in containers, where the browser's own sandbox cannot be made.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile.path}`,
      "about:blank",
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const stderr = collect(child.stderr);
  const address = await eventually(
    "the browser listens",
    () => /DevTools listening on (ws:\S+)/.exec(stderr.text())?.[1],
    { withinMs: 4900 },
  );
  const protocol = await connect(address);
  const page = await openPage(protocol);
  return {
    page,
    async [Symbol.asyncDispose]() {
      await protocol.send("Browser.close");
      await child.status;
      await protocol.closed;
      await eventually("the browser's output has ended", () => stderr.isDone());
      await profile[Symbol.asyncDispose]();
    },
  };
}

type Params = Readonly<Record<string, unknown>>;

interface Protocol {
  send<R>(method: string, params?: Params, sessionId?: string): Promise<R>;
  on(listener: (method: string, params: Params) => void): void;
  readonly closed: Promise<unknown>;
}

async function connect(address: string): Promise<Protocol> {
  const socket = new WebSocket(address);
  const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const listeners: ((method: string, params: Params) => void)[] = [];
  socket.addEventListener("message", ({ data }) => {
    const { id, method, params, result, error } = JSON.parse(data);
    if (id === undefined) return listeners.forEach((listener) => listener(method, params));
    if (error === undefined) waiting.get(id)?.resolve(result);
    else waiting.get(id)?.reject(new Error(`The browser refuses: ${error.message}`));
    waiting.delete(id);
  });
  let lastId = 0;
  return {
    closed,
    on: (listener) => void listeners.push(listener),
    send<R>(method: string, params?: Params, sessionId?: string) {
      const answer = Promise.withResolvers<unknown>();
      waiting.set(++lastId, answer);
      socket.send(JSON.stringify({ id: lastId, method, params: params ?? {}, sessionId }));
      return answer.promise as Promise<R>;
    },
  };
}

async function openPage(protocol: Protocol): Promise<Page> {
  const { targetId } = await protocol.send<{ targetId: string }>("Target.createTarget", {
    url: "about:blank",
  });
  const { sessionId } = await protocol.send<{ sessionId: string }>("Target.attachToTarget", {
    targetId,
    flatten: true,
  });
  const send = <R>(method: string, params?: Params) => protocol.send<R>(method, params, sessionId);
  const problems: string[] = [];
  let loads = 0;
  protocol.on((method, params) => {
    if (method === "Page.loadEventFired") loads += 1;
    if (method === "Runtime.exceptionThrown") problems.push(JSON.stringify(params));
    const entry = params["entry"] as { readonly source: string; readonly text: string } | undefined;
    if (method === "Log.entryAdded" && entry?.source === "security") problems.push(entry.text);
  });
  for (const domain of ["Page", "Runtime", "Log", "Accessibility"]) await send(`${domain}.enable`);
  return {
    problems,
    async goto(url) {
      const before = loads;
      await send("Page.navigate", { url });
      await eventually(`${url} is loaded`, () => loads > before);
    },
    async evaluate<T>(expression: string) {
      const { result, exceptionDetails } = await send<Evaluated<T>>("Runtime.evaluate", {
        expression,
        awaitPromise: true,
        returnByValue: true,
      });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return result.value;
    },
    async press(key) {
      const code = KEY_CODES[key] ?? key.toUpperCase().charCodeAt(0);
      const event = { key, code: key, windowsVirtualKeyCode: code };
      const text = key === "Enter" ? "\r" : undefined;
      await send("Input.dispatchKeyEvent", { type: "keyDown", text, ...event });
      await send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
    },
    async type(text) {
      await send("Input.insertText", { text });
    },
    async stopScripts() {
      await send("Emulation.setScriptExecutionDisabled", { value: true });
    },
    async accessible() {
      const { nodes } = await send<AccessibilityTree>("Accessibility.getFullAXTree");
      return nodes.filter(({ ignored }) => !ignored).map(({ role, name }) => ({
        role: role?.value ?? "",
        name: name?.value ?? "",
      }));
    },
  };
}

const KEY_CODES: Readonly<Record<string, number>> = { Tab: 9, Enter: 13 };

interface Evaluated<T> {
  readonly result: { readonly value: T };
  readonly exceptionDetails?: unknown;
}

interface AccessibilityTree {
  readonly nodes: readonly {
    readonly ignored: boolean;
    readonly role?: { readonly value: string };
    readonly name?: { readonly value: string };
  }[];
}
