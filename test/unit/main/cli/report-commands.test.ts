import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { DEFAULT_RENDERING } from '../../../../src/contract/documents/crc'
import { DEFAULT_JUDGE } from '../../../../src/contract/documents/judge'
import type { SearchDocument, SearchSettings } from '../../../../src/contract/documents/search'
import { elementAt } from '../../../../src/contract/model/look-up'
import { GREEDY_SAMPLING } from '../../../../src/contract/model/sampling'
import { Work, workCommand } from '../../../../src/contract/work/work'
import { commandLine } from '../../../../src/main/cli/command-line'
import { printCheck, printEvaluation, printExport, printSearch, printSweep } from '../../../../src/main/report/commands'
import { printSample } from '../../../../src/main/report/samples-page/sample-command'
import type { ShownCommand } from '../../../../src/main/report/shown-command'
import { evaluationRun } from '../../../fixtures/evaluation-documents'
import { sampleRun } from '../../../fixtures/sample-run'
import { tinyCheck, tinySearch, tinySweep, tinyTaskSweep, whole } from '../../../fixtures/tiny-sweep'

/** Words of a command, as a shell reads them. */
function wordsOf(command: string): string[] {
  const printed = execFileSync('bash', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' })
  return printed.split('\0').slice(0, -1)
}

/** Reads a command with the options of `slr`. @returns the work, and the place of its result */
async function readCommand(command: string): Promise<{ work: Work; out: string }> {
  const words = wordsOf(command).slice(1)
  const program = await commandLine(new AbortController().signal, words.slice(0, 1))
  const declared = elementAt(
    program.commands.filter((candidate) => candidate.name() === words[0]),
    0,
    'command'
  )
  await declared.action(() => undefined).parent?.parseAsync(words, { from: 'user' })
  const options: Readonly<Record<string, unknown>> = declared.opts()
  const given = Object.entries(options).filter(([name]) => declared.getOptionValueSource(name) === 'cli')
  const { demo, base, post, out, ...settings } = Object.fromEntries(given)
  const pair = demo === true ? { demo } : { base, post }
  return {
    work: Work.parse({ kind: words[0], pair, models: declared.args, settings }),
    out: String(out)
  }
}

const RECIPE = { name: 'soft', layers: [0, 1].map((strength) => ({ attention: strength, mlp: 0.5 })) }
const KEY = { keyVariable: 'SLR_ENDPOINT_API_KEY' }

function searched(settings: SearchSettings): SearchDocument {
  return { ...tinySearch({ name: 'x', ranges: [[0, 1]] }), settings }
}

const GROWING = { blockEvaluations: 500, seed: 3, generations: 4 }
const SEARCHES: readonly SearchSettings[] = [
  { ...GROWING, method: 'greedy', strengths: [] },
  { ...GROWING, method: 'beam', strengths: [0.25, 0.5], beam: 3 },
  { method: 'subsets', blockEvaluations: 500, seed: 3, orderPairs: 20 },
  {
    method: 'strengths',
    blockEvaluations: 500,
    seed: 3,
    halves: true,
    starts: ['range'],
    least: -0.5,
    most: 1.5
  }
]

async function reportedCommands(): Promise<ShownCommand[]> {
  const sweep = tinySweep()
  const rendering = {
    ...DEFAULT_RENDERING,
    ...{ systemPrompt: "It's brief.", countLeadingSpace: true, assistantPrefix: '-' },
    templateArguments: { enable_thinking: false, level: 2 }
  }
  const check = tinyCheck([{ recipe: { name: '0-0', ranges: [[0, 0]] }, ...whole(0.95, 0.8) }])
  const task = tinyTaskSweep()
  const judge = { ...DEFAULT_JUDGE, ...KEY, baseUrl: 'http://localhost:8080/v1', model: 'm', rubric: 'Mark.' }
  return [
    ...(await printSweep(
      { ...sweep, rendering, recipes: [{ recipe: RECIPE, ...elementAt(sweep.ranges, 0, 'range') }] },
      0.8
    )),
    ...(await printSweep({ ...task, source: { name: 'sft', path: '/m/sft', fingerprint: 'c' } }, 0.9)),
    printCheck(sweep, tinyCheck([]), 0.9),
    printCheck(sweep, check, 0.85),
    ...SEARCHES.map((settings) => printSearch(searched(settings), sweep, check)),
    printSample(
      sampleRun({
        rendering,
        settings: { ...sampleRun().settings, sampling: GREEDY_SAMPLING, stopTexts: ['\n', '--'] },
        variants: [
          ...sampleRun().variants,
          { kind: 'recipe', name: 'soft', recipe: RECIPE },
          { kind: 'checkpoint', name: 'sft', path: '/m/sft', fingerprint: 'c' },
          { kind: 'baseline', name: 'mix', baseline: { kind: 'mix', share: 0.5 } },
          { kind: 'file', name: 'other', path: '/a/answers.jsonl', fingerprint: 'd' },
          {
            kind: 'endpoint',
            name: 'slr',
            endpoint: {
              ...KEY,
              baseUrl: 'http://localhost:8000/v1',
              model: 'slr-8b',
              through: 'chat',
              anyModel: false,
              concurrency: 4
            }
          }
        ]
      })
    ),
    await printEvaluation(evaluationRun({ rendering, judge, classifier: { path: '/m/deberta', fingerprint: 'e' } })),
    printExport(
      sweep,
      {
        name: 'upper',
        ranges: [
          [0, 0],
          [2, 2]
        ]
      },
      0
    ),
    printExport(sweep, RECIPE, 1)
  ]
}

it.runIf(process.platform !== 'win32')(
  'every command of a report is read back as the work that it prints',
  async () => {
    const commands = await reportedCommands()
    for (const { command } of commands) {
      const { work, out } = await readCommand(command)
      expect(workCommand(work, out)).toBe(command)
      expect(Work.parse(JSON.parse(JSON.stringify(work)))).toEqual(work)
      expect(Work.parse(parse(stringify(work)))).toEqual(work)
    }
    expect(new Set(commands.map(({ command }) => command.split(' ')[1]))).toEqual(
      new Set(['sweep', 'check', 'search', 'sample', 'evaluate', 'export'])
    )
  }
)
