/** The built page in a real browser. */

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Driver } from "../../../runtimes/sim/page/driver.ts";
import { readFragment } from "../../../runtimes/sim/page/setting.ts";
import { steps } from "../../../runtimes/sim/page/tour.ts";
import { lacks, pathOf } from "../../machine/here.ts";
import { root } from "../../tidy/sources.ts";
import { Browser } from "./browser.ts";

const compressedMax = 300_000;

let folder: string;
let html: string;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tserf-page-"));
  const path = join(folder, "simulator.html");
  await promisify(execFile)(pathOf("node"), [join(root, "tools/page.mjs"), path]);
  html = await readFile(path, "utf8");
  url = pathToFileURL(path).href;
}, 60_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the file of the page", () => {
  it(`has at most ${compressedMax / 1000} kB when it is compressed`, () => {
    expect(gzipSync(html).length).toBeLessThanOrEqual(compressedMax);
  });

  it("refers to nothing outside of itself, and forbids the browser to load anything", () => {
    const [head = ""] = html.split('<script type="module">');
    expect(head).not.toMatch(/\b(src|href)=|url\(|@import/);
    expect(head).toContain("default-src 'none'");
    expect(html.split("</script>")).toHaveLength(2);
    expect(/\/\*(SCRIPT|STYLE)\*\//.test(html)).toBe(false);
  });
});

describe.skipIf(lacks("chromium"))("in a browser", { timeout: 120_000 }, () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await Browser.start(pathOf("chromium"));
  }, 60_000);

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
  });

  beforeEach(() => {
    browser.errors.length = 0;
  });

  const text = (id: string): Promise<string> => browser.value(`document.getElementById("${id}").textContent`);
  const captions = (): Promise<string[]> =>
    browser.value(`[...document.querySelectorAll("#captions li span")].map((item) => item.textContent)`);
  const replayed = `document.getElementById("play").textContent === "Play"`;

  /** Returns the place of a node in the window, as the ring lays it out. */
  async function placeOf(node: number, count: number): Promise<{ x: number; y: number }> {
    const { left, top, width } = await browser.value<{ left: number; top: number; width: number }>(
      `document.getElementById("ring").getBoundingClientRect().toJSON()`,
    );
    const angle = (2 * Math.PI * (node + 0.5)) / count - Math.PI / 2;
    const distance = width / 2 - 26 - width / 28;
    return {
      x: left + width / 2 + distance * Math.cos(angle),
      y: top + width / 2 + distance * Math.sin(angle),
    };
  }

  it("loads from a file, lets the cluster form, and logs no error", async () => {
    await browser.open(url);
    await browser.until(
      "all know each other",
      `document.getElementById("captions").textContent.includes("All 20 nodes know each other")`,
    );
    expect(await text("running")).toBe("20 of 20");
    expect(browser.errors).toEqual([]);
  });

  it("replays a link with the same history as this runtime", async () => {
    const fragment =
      "#nodes=30&seed=11&loss=10&at=40000&do=4000:event:3,6000:crash:7,9000:pause:4,12000:resume:4,15000:split,25000:heal";
    await browser.open(`${url}${fragment}`);
    await browser.until("the link is replayed", replayed);
    const driver = new Driver(readFragment(fragment).setting, []);
    driver.advance(40_000);
    await browser.until("the hash is shown", `document.getElementById("time").textContent === "40.0 s"`);
    expect(await text("hash")).toBe(driver.world.history.hash);
    expect(browser.errors).toEqual([]);
  });

  it("takes a click and a button for a crash, which the others find out", async () => {
    await browser.open(`${url}#nodes=10&seed=5&at=3000`);
    await browser.until("the link is replayed", replayed);
    await browser.click(await placeOf(7, 10));
    await browser.until(
      "a node is chosen",
      `document.getElementById("chosen").textContent === "n7: running"`,
    );
    await browser.click("#deeds button:nth-child(2)");
    await browser.until("it crashed", `document.getElementById("chosen").textContent === "n7: crashed"`);
    await browser.press("4");
    await browser.until(
      "the others know",
      `document.getElementById("belief").textContent.includes("9 believe it failed")`,
    );
    expect(await captions()).toContainEqual(
      expect.stringMatching(/^All 9 running nodes know that n7 has failed/),
    );
  });

  it("is operated with the keyboard", async () => {
    await browser.open(`${url}#nodes=5&seed=5&at=3000`);
    await browser.until("the link is replayed", replayed);
    for (const key of ["ArrowRight", "ArrowRight"]) await browser.press(key, "");
    await browser.press("e");
    await browser.press("p");
    await browser.until(
      "it stands still",
      `document.getElementById("chosen").textContent === "n1: stands still"`,
    );
    await browser.press("p");
    await browser.press("d");
    await browser.until(
      "all of it is told",
      `document.getElementById("captions").textContent.includes("The network is cut in two")`,
    );
    expect((await captions()).join("\n")).toMatch(
      /The network is cut in two[\s\S]*n1 goes on[\s\S]*n1 sends/,
    );
  });

  it("makes a link to the present moment, which shows the same again", async () => {
    await browser.open(`${url}#nodes=8&seed=9&at=3000`);
    await browser.until("the link is replayed", replayed);
    await browser.press("ArrowRight", "");
    await browser.press("e");
    await browser.press("4");
    await browser.until("some time passed", `parseFloat(document.getElementById("time").textContent) > 20`);
    await browser.press(" ");
    await browser.click("#link");
    await browser.until("the link is made", `document.getElementById("linked").textContent !== ""`);
    const link = await browser.value<string>("location.href");
    expect(link).toMatch(/#nodes=8&seed=9&profile=lan&latency=60&loss=0&at=\d+&do=3000:event:0$/);
    const hash = await text("hash");
    await browser.open(link);
    await browser.until("the link is replayed", replayed);
    await browser.until(
      "the same history",
      `document.getElementById("hash").textContent === "${hash}"`,
      5_000,
    );
  });

  it("guides through all steps", async () => {
    await browser.open(url);
    await browser.click("#guide button");
    for (let step = 1; step <= steps.length; step += 1) {
      await browser.until(
        `step ${step} begins`,
        `document.getElementById("guide").dataset.step === "${step}"`,
      );
      // Nobody has to watch.
      await browser.press("3");
      await browser.until(`step ${step} is over`, `document.getElementById("guide").dataset.over === "true"`);
      await browser.click("#guide button");
    }
    await browser.until("the tour is over", `document.getElementById("guide").dataset.step === ""`);
    expect(browser.errors).toEqual([]);
  });

  it.each([
    ["a phone", { width: 360, height: 740 }],
    ["a narrow window in the dark", { width: 700, height: 600, dark: true }],
    ["a large screen", { width: 1920, height: 1080 }],
  ])("fits %s without scrolling sideways", async (_what, view) => {
    await browser.open(`${url}#nodes=100&seed=1`, view);
    expect(await browser.value("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    const colors = await browser.value<string[]>(
      `["backgroundColor", "color"].map((name) => getComputedStyle(document.body)[name])`,
    );
    expect(colors[0]).toBe("dark" in view ? "rgb(20, 20, 19)" : "rgb(247, 247, 244)");
  });

  it("runs a calm cluster of 100 nodes fast enough", async () => {
    const [from, until] = [20_000, 80_000];
    const setting = readFragment("#nodes=100&seed=1").setting;
    const driver = new Driver(setting, []);
    driver.advance(from);
    const begin = performance.now();
    driver.advance(until - from);
    const own = performance.now() - begin;
    await browser.open(`${url}#nodes=100&seed=1&at=${from}`);
    await browser.until("the link is replayed", replayed);
    const time = `parseFloat(document.getElementById("time").textContent) * 1000`;
    const measured = await browser.value<{ virtual: number; real: number }>(`(async () => {
      const start = { virtual: ${time}, real: performance.now() };
      document.querySelector("#speeds button:last-child").click();
      while (${time} < ${until}) await new Promise(requestAnimationFrame);
      return { virtual: ${time} - start.virtual, real: performance.now() - start.real };
    })()`);
    const [here, there] = [(until - from) / own, measured.virtual / measured.real];
    console.log(
      `100 calm nodes: ${Math.round(there * 100)} node-seconds a second in the page, ${Math.round(here * 100)} here`,
    );
    expect(there).toBeGreaterThan(here / 10);
  });
});
