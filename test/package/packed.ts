import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const root = join(import.meta.dirname, '..', '..');

/** The package as users get it: built, packed, and installed in a project with only its dependencies. */
export interface Packed {
  readonly tarball: string;
  /** Paths in the tarball. */
  readonly files: readonly string[];
  readonly manifest: Manifest;
  /** A project with the package in its node_modules. */
  readonly project: string;
  /** The installed package. */
  readonly installed: string;
  /** Runs a program of the repository's node_modules there. */
  tool(script: string, args: readonly string[]): Promise<Output>;
  /** Writes a file into the project and runs it. */
  node(name: string, source: string, flags?: readonly string[]): Promise<Output>;
  remove(): Promise<void>;
}

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly typesVersions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** How a program ended, whatever its exit code. */
interface Output {
  readonly code: number;
  readonly text: string;
}

/** Nothing is written into the repository: others may be building, and an existing dist/ may be of another source. */
export async function pack(): Promise<Packed> {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-package-'));
  const stage = join(folder, 'stage');
  await mkdir(stage);
  await build(join(stage, 'dist'));
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs', 'examples']) {
    await cp(join(root, name), join(stage, name), { recursive: true });
  }
  const npm = process.env.npm_execpath;
  const args = ['pack', '--ignore-scripts', '--offline', '--json', '--pack-destination', folder];
  const packed = npm === undefined ? await exec('npm', args, stage) : await exec(process.execPath, [npm, ...args], stage);
  const [described] = JSON.parse(packed.stdout) as [{ filename: string; files: { path: string }[] }];
  const tarball = join(folder, described.filename);

  const project = join(folder, 'project');
  const installed = join(project, 'node_modules', 'offline-im');
  await mkdir(installed, { recursive: true });
  await exec('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed], folder);
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as Packed['manifest'];
  for (const name of [...Object.keys(manifest.dependencies ?? {}), '@opentelemetry/api', '@types/node', 'msw'])
    await link(project, name);
  await writeFile(join(project, 'package.json'), '{ "private": true }');
  const output = (file: string, args: readonly string[]): Promise<Output> =>
    run(file, [...args], { cwd: project, maxBuffer: 32 * 1024 ** 2, env: cleanEnvironment() }).then(
      ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
      (error: { code?: number; stdout?: string; stderr?: string }) => ({
        code: error.code ?? -1,
        text: `${error.stdout ?? ''}${error.stderr ?? ''}`,
      }),
    );
  return {
    tarball,
    files: described.files.map(({ path }) => path),
    manifest,
    project,
    installed,
    tool: (script, args) => output(process.execPath, [join(root, 'node_modules', script), ...args]),
    node: async (name, source, flags = []) => {
      await writeFile(join(project, name), source);
      return output(process.execPath, [...flags, join(project, name)]);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The output of `npm run build`, in a folder of its own. */
export async function build(into: string): Promise<void> {
  await exec(process.execPath, [join(root, 'node_modules/tsup/dist/cli-default.js'), '--silent', '--out-dir', into], root);
}

/** A dependency from the repository, as npm would install it; undeclared ones are missing. */
async function link(project: string, name: string): Promise<void> {
  const target = join(project, 'node_modules', name);
  await mkdir(dirname(target), { recursive: true });
  await symlink(join(root, 'node_modules', name), target, 'junction');
}

async function exec(file: string, args: readonly string[], cwd: string): Promise<{ stdout: string }> {
  return run(file, [...args], { cwd, maxBuffer: 32 * 1024 ** 2, shell: file === 'npm' && process.platform === 'win32' });
}

/** Users do not have the settings of the test runner. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_ENV: _env, VITEST: _vitest, ...rest } = process.env;
  return { ...rest, NO_COLOR: '1' };
}
