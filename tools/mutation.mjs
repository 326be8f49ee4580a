import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import ts from 'typescript'

/*
 * Measures how many random changes of the source the unit tests catch.
 *
 *   npm run build && node tools/mutation.mjs --seed 1 --count 100
 *
 * Each change replaces one operator, boolean or small number in a file of the rooms below, in a copy of the project. The unit tests that
 * import the file run; where none does, those that import one of its importers. A change that no test notices is printed as a survivor. Some
 * survivors change nothing that can be observed, so the score has a ceiling below 100 %. The same seed draws the same changes only while the
 * sources are the same.
 */
const ROOMS = ['crc', 'engine', 'measures', 'checkpoint', 'evaluation', 'project']
const SWAPS = {
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&'
}
const TEST_LIMIT_MS = 180_000

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '100' } }
})
const root = resolve(import.meta.dirname, '..')

/** A generator of uniform numbers from 0 to 1 (mulberry32). */
function randomNumbers(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const filesBelow = (folder, ending) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()

/** Lists the possible changes of one file, each as the text that replaces `[start, end)`. */
function possibleChanges(path) {
  const text = readFileSync(path, 'utf8')
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const changes = []
  const add = (node, replacement) => {
    changes.push({ path, start: node.getStart(source), end: node.getEnd(), replacement })
  }
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return
    if (ts.isBinaryExpression(node)) {
      const swapped = SWAPS[node.operatorToken.getText(source)]
      const joinsText = [node.left, node.right].some((side) => /^[`'"]/.test(side.getText(source)))
      if (swapped !== undefined && !joinsText) add(node.operatorToken, swapped)
    }
    if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, 'false')
    if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, 'true')
    if (ts.isNumericLiteral(node) && ['0', '1', '2'].includes(node.text)) add(node, String(Number(node.text) + 1))
    ts.forEachChild(node, visit)
  }
  visit(source)
  return changes
}

/** Maps each file to the files that import it, for all of src and test/unit. */
function importersOf(folder) {
  const importers = new Map()
  for (const path of [...filesBelow(join(folder, 'src'), '.ts'), ...filesBelow(join(folder, 'test'), '.ts')]) {
    for (const { fileName } of ts.preProcessFile(readFileSync(path, 'utf8')).importedFiles) {
      if (!fileName.startsWith('.')) continue
      const target = resolve(dirname(path), fileName)
      const file = [`${target}.ts`, join(target, 'index.ts'), target].find((name) => existsSync(name))
      if (file !== undefined) importers.set(file, [...(importers.get(file) ?? []), path])
    }
  }
  return importers
}

/** Finds the unit tests nearest to a file along its importers. */
function nearestTests(path, importers, folder) {
  const unitTests = join(folder, 'test', 'unit')
  let ring = [path]
  const seen = new Set(ring)
  while (ring.length > 0) {
    const next = ring.flatMap((file) => importers.get(file) ?? []).filter((file) => !seen.has(file))
    for (const file of next) seen.add(file)
    const tests = [...new Set(next)].filter((file) => file.startsWith(unitTests) && file.endsWith('.test.ts'))
    if (tests.length > 0) return tests
    ring = next
  }
  return []
}

/**
 * Says whether the tests pass in `folder`. Tests that run into the time limit count as failed: an endless loop is noticed. The tests are a process
 * group of their own, so that workers in an endless loop end with them.
 */
function testsPass(folder, tests) {
  const paths = tests.map((test) => relative(folder, test))
  const child = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--bail=1', '--reporter=dot', ...paths],
    { cwd: folder, stdio: 'ignore', detached: true }
  )
  const endGroup = () => {
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // The group has ended by itself.
    }
  }
  const timer = setTimeout(endGroup, TEST_LIMIT_MS)
  return new Promise((resolvePass, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(timer)
      endGroup()
      resolvePass(code === 0)
    })
  })
}

const folder = mkdtempSync(join(tmpdir(), 'slr-mutation-'))
try {
  for (const name of [
    'src',
    'test',
    'resources',
    'out',
    'docs',
    'tools',
    'package.json',
    'tsconfig.json',
    'vitest.config.ts',
    'svelte.config.js',
    'README.md',
    'CONTRIBUTING.md'
  ])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const importers = importersOf(folder)
  const random = randomNumbers(Number(values.seed))
  const pool = ROOMS.flatMap((room) => filesBelow(join(folder, 'src', 'main', room), '.ts')).flatMap(possibleChanges)
  const healthy = new Map()
  let tried = 0
  let caught = 0
  while (tried < Number(values.count) && pool.length > 0) {
    const [change] = pool.splice(Math.floor(random() * pool.length), 1)
    const tests = nearestTests(change.path, importers, folder)
    const text = readFileSync(change.path, 'utf8')
    const before = text.slice(change.start, change.end)
    const line = text.slice(0, change.start).split('\n').length
    const name = `${relative(folder, change.path)}:${line} ${before} -> ${change.replacement}`
    const key = tests.join()
    if (!healthy.has(key)) healthy.set(key, await testsPass(folder, tests))
    if (!healthy.get(key)) {
      console.log(`left out, its tests fail without a change: ${name}`)
      continue
    }
    writeFileSync(change.path, text.slice(0, change.start) + change.replacement + text.slice(change.end))
    const survived = tests.length === 0 || (await testsPass(folder, tests))
    writeFileSync(change.path, text)
    tried++
    if (!survived) caught++
    console.log(`${survived ? 'SURVIVED' : 'caught  '} ${name} (${tests.length} test files)`)
  }
  console.log(`${caught} of ${tried} random changes caught by unit tests (seed ${values.seed})`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
