import { stripVTControlCharacters } from 'node:util'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { searchFinding } from '../../../../../src/contract/words/search-finding'
import { verdictOf } from '../../../../../src/contract/words/verdict'
import { describeCheck } from '../../../../../src/main/cli/printing/check-report'
import { describeEvaluation } from '../../../../../src/main/cli/printing/evaluation-report'
import { commandsAfterSearch, describeSearch } from '../../../../../src/main/cli/printing/search-report'
import { describeResults } from '../../../../../src/main/cli/printing/study-report'
import { describeSweep } from '../../../../../src/main/cli/printing/sweep-report'
import { nextCommandsOf } from '../../../../../src/main/cli/printing/verdict-report'
import { demoPaths } from '../../../../../src/main/project/demo'
import { runToEnd } from '../../../../../src/main/base/steps'
import { computeSelection } from '../../../../../src/main/crc/selection/selection'
import { evaluationView } from '../../../../fixtures/evaluation-documents'
import { tinyCheck, tinySearch, tinySweep, whole } from '../../../../fixtures/tiny-sweep'
import { UNCHECKED } from '../../../../fixtures/verdict-evidence'

const tiny = tinySweep()
const sweep = { ...tiny, selection: runToEnd(computeSelection(tiny, 0.9)) }
const check = tinyCheck([
  { recipe: { name: 'Layer 1', ranges: [[1, 1]] }, ...whole(0.5, 0.8) },
  { recipe: { name: 'Layer 0', ranges: [[0, 0]] }, ...whole(0.95, 0.5) }
])
const search = tinySearch({ name: 'upper', ranges: [[1, 1]] })
const place = { base: 'base', post: 'post', out: 'sweep.json' }
const EVALUATED = { pair: ['--blend-demo'], task: 'demo-creative' }
const next = nextCommandsOf(place, 'slr check --from sweep.json', { start: 0, end: 0 })

test('results begin with the verdict in three lines, which the golden file shows of each kind', async () => {
  const shown = {
    'a sweep': describeSweep(sweep, null, () => next),
    'a sweep with its check': describeSweep(sweep, check, () => next),
    'a check': describeCheck(check, verdictOf(UNCHECKED), { rho: 0.9, next, details: false, preview: [] }),
    'a search': describeSearch(
      search,
      searchFinding(search, { check: null, rho: 0.9, selection: sweep.selection, promptCount: 3 }),
      {
        next: commandsAfterSearch({ demo: 'blend', from: 'sweep.json', file: 'search.json' }, search),
        ...{ preview: [], details: false }
      }
    ),
    'an evaluation': describeEvaluation(evaluationView(), EVALUATED, false),
    'an evaluation with details': describeEvaluation(evaluationView(), EVALUATED, true),
    'a study': describeResults([], [{ pair: 'Demo', demo: null, verdict: verdictOf(UNCHECKED) }], 'demo.slr', false)
  }
  const text = Object.entries(shown).map(([kind, result]) => `== ${kind}\n${stripVTControlCharacters(result)}\n`)
  await expect(text.join('\n')).toMatchFileSnapshot(join(import.meta.dirname, 'results.golden.txt'))
  for (const result of Object.values(shown)) expect(result.split('\n').length).toBeLessThanOrEqual(25)
})

test('the demo in a project is evaluated on a task of its own', () => {
  const { base, post } = demoPaths('stages')
  const searched = {
    ...search,
    basePath: { ...search.basePath, path: base },
    postPath: { ...search.postPath, path: post }
  }
  const { evaluate } = commandsAfterSearch({ project: 'demo.slr', file: 'search.json' }, searched)
  expect(evaluate).toContain('--task demo-names')
})
