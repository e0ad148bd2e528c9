/** A headless Chromium that tests control over a pipe, in its own protocol, which needs no package. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** A message of the browser. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** What a page is opened with. */
export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

/** A call that takes longer has failed. */
const callMs = 60_000;

/** A browser with one page. */
export class Browser {
  /** What the page wrote to its console as an error, and what it did not catch. */
  readonly errors: string[] = [];
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #text = "";
  #calls = 0;
  #session: string | undefined;

  private constructor(process: ChildProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
    (process.stdio[4] as Readable).setEncoding("utf8").on("data", (text: string) => this.#received(text));
  }

  /** Starts a browser, a path to its program. */
  static async start(path: string): Promise<Browser> {
    const folder = await mkdtemp(join(tmpdir(), "tserf-browser-"));
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      "--no-first-run",
      "--remote-debugging-pipe",
    ];
    const child = spawn(path, [...flags, `--user-data-dir=${folder}`, "about:blank"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    const browser = new Browser(child, folder);
    const { targetInfos } = await browser.#call<{ targetInfos: { type: string; targetId: string }[] }>(
      "Target.getTargets",
    );
    const { targetId } = targetInfos.find(({ type }) => type === "page")!;
    const { sessionId } = await browser.#call<{ sessionId: string }>("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    browser.#session = sessionId;
    for (const domain of ["Page", "Runtime", "Log"]) await browser.#call(`${domain}.enable`);
    return browser;
  }

  /** Opens an address. */
  async open(url: string, view: View = {}): Promise<void> {
    const { width = 1280, height = 900, dark = false } = view;
    await this.#call("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    });
    await this.#call("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
    });
    // Otherwise another fragment of the same page would not load it again.
    await this.#call("Page.navigate", { url: "about:blank" });
    await this.#call("Page.navigate", { url });
    await this.until(
      "the page is loaded",
      `document.readyState === "complete" && location.href !== "about:blank"`,
    );
  }

  /** Returns the value of an expression in the page. */
  async value<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.#call<{
      result: { value: Value };
      exceptionDetails?: { exception?: { description?: string } };
    }>("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? "no value");
    return result.value;
  }

  /** Waits until an expression holds in the page. */
  async until(what: string, expression: string, limitMs: number = callMs): Promise<void> {
    for (const end = Date.now() + limitMs; !(await this.value<boolean>(expression)); ) {
      if (Date.now() > end) throw new Error(`Waited for ${limitMs} ms until ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Clicks at a place of the window, or at the middle of an element. */
  async click(target: string | { readonly x: number; readonly y: number }): Promise<void> {
    const { x, y } =
      typeof target === "string"
        ? await this.value<{ x: number; y: number }>(`(() => {
            const element = document.querySelector(${JSON.stringify(target)});
            element.scrollIntoView({ block: "center" });
            const { left, top, width, height } = element.getBoundingClientRect();
            return { x: left + width / 2, y: top + height / 2 };
          })()`)
        : target;
    for (const type of ["mousePressed", "mouseReleased"])
      await this.#call("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
  }

  /** Presses a key, by its name and the text that it types. */
  async press(key: string, text: string = key): Promise<void> {
    await this.#call("Input.dispatchKeyEvent", { type: "keyDown", key, ...(text.length === 1 && { text }) });
    await this.#call("Input.dispatchKeyEvent", { type: "keyUp", key });
  }

  /** Writes a picture of the window. */
  async picture(path: string): Promise<void> {
    const { data } = await this.#call<{ data: string }>("Page.captureScreenshot", { format: "png" });
    await writeFile(path, Buffer.from(data, "base64"));
  }

  /** Ends the browser. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "close");
    this.#process.kill("SIGKILL");
    await ended;
    // Its helpers may still write for a moment.
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  async #call<Result>(method: string, params: object = {}): Promise<Result> {
    const id = ++this.#calls;
    const message = { id, method, params, ...(this.#session !== undefined && { sessionId: this.#session }) };
    const answer = new Promise<Message>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method} took too long`)), callMs);
      this.#waiting.set(id, (received) => {
        clearTimeout(timer);
        resolve(received);
      });
    });
    (this.#process.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result as Result;
  }

  #received(text: string): void {
    const messages = (this.#text + text).split("\0");
    this.#text = messages.pop()!;
    for (const line of messages) this.#message(JSON.parse(line) as Message);
  }

  #message(message: Message): void {
    if (message.id !== undefined) {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    }
    const isError =
      message.method === "Runtime.exceptionThrown" ||
      (message.method === "Log.entryAdded" && /"level":"error"/.test(JSON.stringify(message.params))) ||
      (message.method === "Runtime.consoleAPICalled" &&
        /"type":"error"/.test(JSON.stringify(message.params)));
    if (isError) this.errors.push(JSON.stringify(message.params));
  }
}
