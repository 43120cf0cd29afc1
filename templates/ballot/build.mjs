// The library in one file, the same bytes on every machine. Run it by `make ballot`.
import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const here = (path) => new URL(path, import.meta.url);
const { devDependencies } = JSON.parse(await readFile(here("package.json"), "utf8"));
const library = `@cloudflare/blindrsa-ts ${devDependencies["@cloudflare/blindrsa-ts"]}`;

// Its large numbers come from sjcl, 34 of 41 kB and nine tenths of the time: numbers.js stands in for it.
const numbers = {
  name: "numbers",
  setup: (builder) => builder.onResolve({ filter: /\/sjcl\/index\.js$/ }, () => ({ path: here("numbers.js").pathname })),
};

await build({
  absWorkingDir: here(".").pathname,
  entryPoints: ["ballot.js"],
  outfile: here("../assets/ballot.js").pathname,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  banner: { js: `/* ${library}: ballot-LICENSE.txt; made by "make ballot" */` },
  plugins: [numbers],
  logLevel: "warning",
});
const licence = await readFile(here("node_modules/@cloudflare/blindrsa-ts/LICENSE.txt"), "utf8");
await writeFile(here("../assets/ballot-LICENSE.txt"), `${library}, in ballot.js\n\n${licence.trim()}\n`);
