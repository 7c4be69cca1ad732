// Runs a WASI program with the arguments that follow its name: node .ci/wasi.mjs program.wasm [argument ...]
// The program sees the working directory, and nothing else.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { WASI } from "node:wasi";

const [program, ...args] = process.argv.slice(2);
// A pipe to the next program may be full for a moment, which WASI reports as an error: a file never is.
const folder = mkdtempSync(join(tmpdir(), "wasi-"));
const stdout = openSync(join(folder, "stdout"), "w");
try {
    const wasi = new WASI({ version: "preview1", args: [program, ...args], env: {}, preopens: { ".": process.cwd() }, stdout });
    const module = await WebAssembly.compile(readFileSync(program));
    process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
} finally {
    closeSync(stdout);
    process.stdout.write(readFileSync(join(folder, "stdout")));
    rmSync(folder, { recursive: true });
}
