/** `deno task cov`: runs the unit suites under coverage and holds them to the floor in `deno.json`. */

import { SUITES } from "../tests/suites.ts";

const ROOT = new URL("..", import.meta.url).pathname;

async function deno(...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).spawn().status;
  return success;
}

const files = SUITES["unit"]?.files ?? [];
const tested = await deno(
  "test",
  "-A",
  "--parallel",
  "--quiet",
  "--clean",
  "--coverage=cov",
  "--coverage-raw-data-only",
  ...files,
);
const covered = tested &&
  await deno(
    "coverage",
    "--quiet",
    "cov",
    "--include=^file:.*/(lib|commands)/",
    "--exclude=_test\\.ts$",
  );
Deno.exit(covered ? 0 : 1);
