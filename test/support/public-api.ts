/** The declarations of the package's entries, as TypeScript sees them: read from declarations made in memory, like those that `tsup` makes for the package. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '../..');
const src = join(root, 'src');

/** A name exported by an entry. */
interface PublicName {
  readonly name: string;
  /** Its declarations without comments and private members. */
  readonly text: string;
  readonly documented: boolean;
  /** Methods and functions of its interfaces and classes without a docstring. */
  readonly undocumented: readonly string[];
  /** Names of this package used in its declarations. */
  readonly uses: readonly string[];
}

/** An entry such as `index`, with all its exports by name. */
export interface Entry {
  readonly entry: string;
  readonly names: readonly PublicName[];
}

/** Reads every entry. Takes a few seconds. */
export function publicApi(): readonly Entry[] {
  const entries = readdirSync(src).filter((name) => name.endsWith('.ts'));
  const program = declarationsOf(entries.map((name) => join(src, name)));
  const checker = program.getTypeChecker();
  return entries.sort().map((file) => {
    const source = program.getSourceFile(join(src, file.replace(/\.ts$/, '.d.ts')));
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is no module`);
    const names = checker.getExportsOfModule(module).map((exported) => nameOf(checker, exported));
    return { entry: file.replace(/\.ts$/, ''), names: names.sort((one, other) => (one.name < other.name ? -1 : 1)) };
  });
}

/** A program of the declarations only. */
function declarationsOf(files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const emitted = new Map<string, string>();
  const sources = ts.createProgram(files, {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    stripInternal: true,
  });
  sources.emit(undefined, (path, text) => emitted.set(path, text), undefined, true);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => emitted.has(path) || (!path.startsWith(src) && fileExists(path));
  host.readFile = (path) => emitted.get(path) ?? readFile(path);
  host.getSourceFile = (path, language, ...rest) => {
    const text = emitted.get(path);
    return text === undefined ? getSourceFile(path, language, ...rest) : ts.createSourceFile(path, text, language, true);
  };
  return ts.createProgram(
    files.map((path) => path.replace(/\.ts$/, '.d.ts')),
    options,
    host,
  );
}

function nameOf(checker: ts.TypeChecker, exported: ts.Symbol): PublicName {
  const symbol = (exported.flags & ts.SymbolFlags.Alias) === 0 ? exported : checker.getAliasedSymbol(exported);
  const declarations = symbol.declarations ?? [];
  return {
    name: exported.name,
    text: declarations.map(textOf).join('\n'),
    documented: symbol.getDocumentationComment(checker).length > 0,
    undocumented: declarations.flatMap((declaration) => undocumentedIn(checker, declaration)),
    uses: [...new Set(declarations.flatMap((declaration) => [...usedIn(checker, declaration)]))].filter(
      (used) => used !== symbol.name,
    ),
  };
}

const isPrivate = (node: ts.Node): boolean =>
  ts.isClassElement(node) && node.name !== undefined && ts.isPrivateIdentifier(node.name);

function textOf(declaration: ts.Declaration): string {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const shown = ts.isClassDeclaration(statement)
    ? ts.factory.updateClassDeclaration(
        statement,
        statement.modifiers,
        statement.name,
        statement.typeParameters,
        statement.heritageClauses,
        statement.members.filter((member) => !isPrivate(member)),
      )
    : statement;
  return ts.createPrinter({ removeComments: true }).printNode(ts.EmitHint.Unspecified, shown, declaration.getSourceFile());
}

/** Methods without a docstring, except those of `Symbol`. */
function undocumentedIn(checker: ts.TypeChecker, declaration: ts.Declaration): string[] {
  if (!ts.isClassDeclaration(declaration) && !ts.isInterfaceDeclaration(declaration)) return [];
  return declaration.members.flatMap((member) => {
    if (!(ts.isMethodDeclaration(member) || ts.isMethodSignature(member)) || isPrivate(member)) return [];
    const symbol = checker.getSymbolAtLocation(member.name);
    if (symbol === undefined || ts.isComputedPropertyName(member.name)) return [];
    return symbol.getDocumentationComment(checker).length > 0 ? [] : [symbol.name];
  });
}

/** Names declared in this package that a declaration refers to, except by private members. */
function* usedIn(checker: ts.TypeChecker, node: ts.Node): Generator<string> {
  if (isPrivate(node)) return;
  const name = ts.isTypeReferenceNode(node)
    ? node.typeName
    : ts.isExpressionWithTypeArguments(node)
      ? node.expression
      : undefined; // `typeof` names a value: the type that the value has is shown instead
  if (name !== undefined) {
    const found = checker.getSymbolAtLocation(name);
    const symbol = found !== undefined && (found.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(found) : found;
    const own = symbol?.declarations?.some(
      (declaration) => declaration.getSourceFile().fileName.startsWith(src) && !ts.isTypeParameterDeclaration(declaration),
    );
    if (own === true && symbol !== undefined) yield symbol.name;
  }
  for (const child of node.getChildren()) yield* usedIn(checker, child);
}
