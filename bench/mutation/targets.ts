/** The unit tests that answer for a folder or file of `src`, as patterns. */
export function testsOf(target: string): readonly string[] {
  const folder = target.replace(/^src\//, 'test/');
  return folder.endsWith('.ts') ? [folder.replace(/\.ts$/, '.test.ts')] : [`${folder}/**/*.test.ts`];
}
