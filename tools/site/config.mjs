/** Settings of VitePress, which finds them in the staged folder. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sidebar } from "../../pages.mjs";

const base = process.env.TSERF_SITE_BASE ?? "/";

/** The reference: its entry points, each with what it exports. */
function reference() {
  const folder = fileURLToPath(new URL("../reference/", import.meta.url));
  const names = { tserf: "tserf", agent: "tserf/agent", rpc: "tserf/rpc", sim: "tserf/sim" };
  return Object.entries(names).map(([name, text]) => ({
    text,
    link: `/reference/${name}/`,
    collapsed: true,
    items: readdirSync(`${folder}${name}`, { recursive: true })
      .filter((path) => path.endsWith(".md") && !path.endsWith("index.md"))
      .sort((one, other) => nameOf(one).localeCompare(nameOf(other)))
      .map((path) => ({ text: nameOf(path), link: `/reference/${name}/${path.replace(/\.md$/, "")}` })),
  }));
}

function nameOf(path) {
  return path.split("/").at(-1).replace(/\.md$/, "");
}

/** Shows above a block the file that it is, or the terminal that it is typed into. */
function labels(md) {
  const { fence } = md.renderer.rules;
  md.renderer.rules.fence = (tokens, index, ...rest) => {
    const { info } = tokens[index];
    const [, option, name] = /\s(file|terminal)=(\S+)/.exec(info) ?? [];
    tokens[index].info = info.replace(/\s.*/, "");
    const block = fence(tokens, index, ...rest);
    const text = option === "terminal" ? `terminal: ${name}` : name;
    return name === undefined
      ? block
      : `<div class="labelled"><div class="label">${md.utils.escapeHtml(text)}</div>${block}</div>`;
  };
}

export default {
  title: "tserf",
  description:
    "Cluster membership, failure detection and messages to all, for Node, Deno and Bun; compatible with Serf",
  lang: "en",
  base,
  outDir: fileURLToPath(new URL("../../../../site", import.meta.url)),
  cacheDir: fileURLToPath(new URL("../../node_modules/.cache/vitepress", import.meta.url)),
  cleanUrls: false,
  head: [["link", { rel: "icon", href: "data:," }]],
  // Found in a browser too, but sooner here.
  ignoreDeadLinks: [/simulator\.html$/],
  markdown: {
    html: false,
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    // Vue would take what looks like its own syntax.
    config: (md) => {
      md.set({ html: false });
      labels(md);
    },
  },
  themeConfig: {
    search: { provider: "local" },
    outline: { level: [2, 3] },
    nav: [
      { text: "Start", link: "/introduction" },
      { text: "Operate", link: "/operating" },
      { text: "Simulator", link: "/simulator-page" },
      { text: "Reference", link: "/reference/" },
    ],
    sidebar: {
      "/reference/": [{ text: "Reference", link: "/reference/", items: reference() }],
      "/": sidebar(),
    },
    footer: { message: "MIT licensed. “Serf” is HashiCorp's; this project is not affiliated with them." },
  },
};
