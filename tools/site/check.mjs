/**
 * Checks the site that `npm run site` built, `npm run site:check`: no link of any page is dead, fragments included; in Chromium, at the widths of a
 * phone and of a desk, no page is wider than the window, none logs an error, and axe finds nothing serious. `--pictures=FOLDER` keeps a picture of
 * each page that is looked at.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const site = fileURLToPath(new URL("../../site/", import.meta.url));
const require = createRequire(import.meta.url);
const { values } = parseArgs({
  options: {
    pictures: { type: "string" },
    chromium: { type: "string", default: process.env.CHROMIUM ?? "/usr/bin/chromium" },
    links: { type: "boolean", default: false },
  },
});
const widths = [390, 1440];
const sideBySide = 4;
/** Pages that are looked at in the dark, too: one of each kind. */
const dark = /^(index|introduction|wire-protocol|simulator-page|reference\/tserf\/classes\/Serf)\.html$/;
/** All pages are read for links; those of the reference are alike, so a browser opens one of each kind. */
const opened = (path) =>
  !path.startsWith("reference/") ||
  /^reference\/(tserf\/)?(index|classes\/Serf|interfaces\/SerfOptions)\.html$/.test(path);

if (!existsSync(site)) throw new Error('There is no site yet, run "npm run site" first');
const pages = readdirSync(site, { recursive: true })
  .map((path) => path.split("\\").join("/"))
  .filter((path) => path.endsWith(".html") && path !== "404.html" && path !== "simulator.html");
const faults = deadLinks();
if (!values.links) await lookAt();
for (const fault of faults) console.error(fault);
console.log(`${pages.length} pages, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;

/** Links whose file or fragment does not exist. */
function deadLinks() {
  const ids = new Map();
  const idsOf = (path) => {
    if (!ids.has(path))
      ids.set(
        path,
        new Set(
          Array.from(readFileSync(join(site, path), "utf8").matchAll(/\sid="([^"]+)"/g), ([, id]) => id),
        ),
      );
    return ids.get(path);
  };
  return pages.flatMap((page) =>
    Array.from(
      readFileSync(join(site, page), "utf8").matchAll(/<a\s[^>]*?href="([^"]+)"/g),
      ([, href]) => href,
    ).flatMap((href) => {
      if (/^[a-z]+:/.test(href)) return [];
      const [file, hash] = href.split("#");
      let path =
        file === "" ? page : file.startsWith("/") ? file.slice(1) : posix.join(posix.dirname(page), file);
      if (path === "" || path.endsWith("/")) path += "index.html";
      if (!existsSync(join(site, path)) || !statSync(join(site, path)).isFile())
        return [`${page}: dead link ${href}`];
      return hash && path.endsWith(".html") && !idsOf(path).has(decodeURIComponent(hash))
        ? [`${page}: no such place ${href}`]
        : [];
    }),
  );
}

async function lookAt() {
  const { chromium } = require("playwright-core");
  const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
  const server = createServer(serve).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const browser = await chromium.launch({ executablePath: values.chromium, args: ["--no-sandbox"] });
  if (values.pictures) mkdirSync(values.pictures, { recursive: true });
  try {
    for (const width of widths)
      for (const colorScheme of width === widths[0] ? ["light"] : ["light", "dark"]) {
        const context = await browser.newContext({
          viewport: { width, height: 900 },
          colorScheme,
          reducedMotion: "reduce",
        });
        const paths = pages.filter((path) => opened(path) && (colorScheme === "light" || dark.test(path)));
        const worker = async () => {
          for (let path = paths.shift(); path !== undefined; path = paths.shift())
            await visit(context, origin, path, axe);
        };
        await Promise.all(Array.from({ length: sideBySide }, worker));
        await context.close();
      }
  } finally {
    await browser.close();
    server.close();
  }
}

async function visit(context, origin, path, axe) {
  const page = await context.newPage();
  const { width } = page.viewportSize();
  const scheme = await page.evaluate(() =>
    matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
  );
  const fault = (text) => faults.push(`${path} at ${width}, ${scheme}: ${text}`);
  page.on("pageerror", (error) => fault(error.message));
  page.on(
    "response",
    (response) => response.status() >= 400 && fault(`${response.status()} ${response.url()}`),
  );
  await page.goto(`${origin}/${path}`, { waitUntil: "load" });
  await page.waitForFunction(() => document.querySelector("#app")?.__vue_app__ !== undefined);
  for (const text of await inspect(page, axe)) fault(text);
  const name = `${path.replaceAll("/", "_")}-${width}-${scheme}.png`;
  if (values.pictures) await page.screenshot({ path: join(values.pictures, name), fullPage: true });
  await page.close();
}

async function inspect(page, axe) {
  await page.evaluate(axe);
  return await page.evaluate(async () => {
    const found = [];
    const wide = document.documentElement.scrollWidth - window.innerWidth;
    if (wide > 0) {
      const widest = [...document.querySelectorAll("main *")].find(
        (each) => each.getBoundingClientRect().right > window.innerWidth + 1,
      );
      found.push(`${wide} pixels wider than the window: ${widest?.outerHTML.slice(0, 120)}`);
    }
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    for (const { id, impact, nodes } of violations)
      if (impact === "serious" || impact === "critical")
        found.push(`${impact}: ${id}, ${nodes.length} times, such as ${nodes[0].html.slice(0, 160)}`);
    return found;
  });
}

function serve(request, response) {
  const path = decodeURIComponent(new URL(request.url, "http://site").pathname);
  const file = join(site, path.endsWith("/") ? `${path}index.html` : path);
  const types = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".woff2": "font/woff2",
    ".json": "application/json",
  };
  if (!file.startsWith(site) || !existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404).end();
    return;
  }
  response
    .writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" })
    .end(readFileSync(file));
}
