// Watches the page of a simulated account in a browser while things happen in it.
//
//   node page.mjs CHROMIUM MODULES ENDPOINT [IMAGES]
//
// MODULES is the folder with playwright-core and axe-core. Prints what it saw as JSON. When it prints "stop", the caller ends
// the server.
import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [chromium, modules, endpoint, images] = process.argv.slice(2);
const require = createRequire(resolve(modules, "node_modules", "index.js"));
const { chromium: browserType } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

async function cloudformation(parameters) {
  const scope = "111111111111/20260101/eu-west-1/cloudformation/aws4_request";
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=00`;
  const answer = await fetch(endpoint, { method: "POST", headers: { authorization }, body: new URLSearchParams(parameters) });
  if (!answer.ok) throw new Error(await answer.text());
}

const browser = await browserType.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
const complaints = [];
let expected = false;
page.on("console", (message) => { if (!expected) complaints.push(message.text()); });
page.on("pageerror", (error) => complaints.push(String(error)));
let loads = 0;
page.on("load", () => { loads += 1; });
await page.goto(`${endpoint}/_landfall/`);
await page.getByText("Nothing exists here yet").waitFor();

const Resources = {
  Logs: { Type: "AWS::Logs::LogGroup" },
  Task: { Type: "AWS::ECS::TaskDefinition", Properties: { ContainerDefinitions: [{ Name: "app", Image: "shop:1", Memory: 128 }] } },
  Service: { Type: "AWS::ECS::Service", Properties: { Cluster: "main", TaskDefinition: { Ref: "Task" }, DesiredCount: 1 } },
};
await cloudformation({ Action: "CreateStack", StackName: "shop", TemplateBody: JSON.stringify({ Resources }) });
await page.getByRole("link", { name: "shop" }).waitFor();
await page.getByRole("cell", { name: "CREATE_COMPLETE" }).first().waitFor();
await page.getByText("1 of 1").waitFor();

const seen = [];
async function look(name) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [360, 1280]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (images) {
        mkdirSync(images, { recursive: true });
        await page.screenshot({ path: join(images, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      }
      await page.evaluate(axe);
      const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      const violations = result.violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map((node) => node.html).slice(0, 3) }));
      seen.push({ name: `${name} ${width} ${colorScheme}`, wider, violations, passes: result.passes.length });
    }
  }
}
await look("accounts");
await page.getByRole("link", { name: "shop" }).click();
await page.getByRole("heading", { name: "Resources" }).waitFor();
await look("stack");

const template = "<img src=x onerror=alert(1)>";
await cloudformation({ Action: "CreateChangeSet", StackName: "shop", ChangeSetName: "next", Description: template, UsePreviousTemplate: "true" });
await cloudformation({ Action: "DeleteStack", StackName: "shop" });
await page.getByRole("cell", { name: "DELETE_COMPLETE" }).first().waitFor();
const before = loads;

expected = true;
process.stdout.write("stop\n");
await page.getByText("The account does not answer").waitFor({ state: "visible" });
await browser.close();
process.stdout.write(JSON.stringify({ complaints, loads: before, seen }));
