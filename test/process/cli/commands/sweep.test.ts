import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import type { CrcPrompts } from '../../../../src/contract/documents/crc'
import { SweepDocument } from '../../../../src/contract/documents/crc'
import type { PairLocation } from '../../../../src/contract/documents/project'
import { PAPER_SAMPLING } from '../../../../src/contract/documents/samples'
import { DEPTH_RAMPS, isUniform } from '../../../../src/contract/model/recipe'
import { createProject } from '../../../../src/main/project/create-project'
import { openProject } from '../../../../src/main/project/open-project'
import { temporaryFolder } from '../../../fixtures/checkpoint-builder'
import {
  childrenOf,
  exitStatus,
  startCli,
  waitForOutput,
  type CliProcess,
  type CliResult,
  untilGone
} from '../../../fixtures/cli'
import { runHere, slr } from '../../../fixtures/command-line'
import { demoPrompts, shortPair } from '../../../fixtures/swept-project'
import { textFolder } from '../../../fixtures/text-folder'

const PAIR = await shortPair()
const PAIR_OPTIONS = ['--base', PAIR.base, '--post', PAIR.post]

/** Two quick prompts, to sweep with where the scores do not matter. */
const SHORT_PROMPTS: CrcPrompts = [
  { text: 'Pick a letter.', category: 'letter', valid: ['A', 'B', 'K'] },
  { text: 'Pick a digit.', category: 'digit', valid: ['1', '3', '7'] }
]

async function jsonFile(name: string, content: unknown): Promise<string> {
  const file = join(await temporaryFolder(), name)
  await writeFile(file, JSON.stringify(content))
  return file
}

/** Enough prompts that the sweep of the demo pair can be interrupted. */
const LONG = 120

async function longPrompts(): Promise<string> {
  const [first] = SHORT_PROMPTS
  return jsonFile(
    'long.json',
    Array.from({ length: LONG }, (_, index) => ({
      ...first,
      text: `${index} is a number. Pick a letter after ${index}.`
    }))
  )
}

async function sweptDocument(...args: string[]): Promise<SweepDocument> {
  const { status, stdout, stderr } = await runHere(['sweep', '--no-check', ...args, '--json', '--quiet'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return SweepDocument.parse(JSON.parse(stdout))
}

/** Creates a project of the demo pair, or of the given pair. */
async function demoProject(pair: PairLocation = { kind: 'demo', pair: 'blend' }): Promise<string> {
  const folder = await temporaryFolder()
  const project = await createProject({ folder, name: 'Experiment', pair, prompts: SHORT_PROMPTS })
  await project.firstPair.update({
    settings: { rho: 0.5, uniformBlendCount: 0 },
    rendering: { ...project.firstPair.document.rendering, systemPrompt: 'Be brief.' }
  })
  await project.close()
  return project.path
}

describe('slr sweep --demo', () => {
  let result: CliResult
  let sweep: SweepDocument
  beforeAll(async () => {
    const out = join(await textFolder({}), 'sweep.json')
    result = await runHere(['sweep', '--no-check', '--blend-demo', '--details', '--out', out])
    sweep = SweepDocument.parse(JSON.parse(await readFile(out, 'utf8')))
  })

  it('shows its progress on stderr', () => {
    expect(result.status).toBe(0)
    expect(result.stderr).toMatch(/^0 % {2}preparing\n(\d+ % .*\n)*100 % {2}saving\n/)
  })

  it('scores attention only and MLP only of the selected range after its selection, and counts the work', () => {
    const work = { blockEvaluations: 388, packedTokens: 431, promptTokens: 688, weightBytesRead: 8_859_648 }
    expect(sweep).toMatchObject({ selected: { start: 4, end: 11 }, work })
    expect(sweep.recipes.map(({ alone, recipe }) => [alone, recipe.name])).toEqual([
      ['attention', 'Attention 4–11'],
      ['mlp', 'MLP 4–11']
    ])
    expect(sweep.followUp?.blockEvaluations).toBe(28)
    const baselines = sweep.selection?.baselines.filter(({ baseline }) => baseline.kind === 'half') ?? []
    expect(baselines.map(({ diversity }) => diversity)).toEqual(sweep.recipes.map(({ diversity }) => diversity))
  })

  it('names the range to restore and its certainty', () => {
    const { stdout } = result
    expect(stdout).toMatch(
      /^Layers 4–11: diversity 0\.458 → 0\.917 on first tokens, but base filtered by post does better: 0\.988\.$/m
    )
    expect(stdout).toMatch(/^Unknown: whether full answers hold\. Next: slr check --from .*sweep\.json$/m)
    expect(stdout).toMatch(/^Better: filter:0\.001, a way to sample that runs two models for each token\.$/m)
    expect(stdout).toContain('\nFull answers are not checked: ')
    expect(stdout).toMatch(/^post +0\.991 +0\.458 /m)
    expect(stdout).toMatch(/^base +0\.468 +0\.988 /m)
    expect(stdout).toMatch(
      /^Gain in diversity: \+0\.459, \+0\.\d{3} to \+0\.\d{3} in 95 % of 1,000 resamples of the prompts$/m
    )
    expect(stdout).toMatch(/^Cross-fitted: 0\.917 at validity 0\.916, .*\(post 0\.458\)/m)
    expect(stdout).toMatch(
      /^388 block evaluations of 431 distinct prompt prefixes \(688 prompt tokens\), 8\.5 MiB.*Then 28 block evaluations for attention/m
    )
    expect(stdout).not.toMatch('\u001b')
  })
})

describe('slr sweep', () => {
  it('selects with the given rho, or says why it selects nothing, and renders, stores and blends as given', async () => {
    const prompts = await jsonFile('prompts.json', SHORT_PROMPTS)
    const given = [...PAIR_OPTIONS, '--prompts', prompts]
    const rendered = ['--system', 'Be brief.', '--date', '2026-02-03', '--assistant-prefix', 'Answer: ']
    const [strict, loose] = await Promise.all([
      sweptDocument(...given, '--rho', '1', ...rendered, '--count-leading-space'),
      sweptDocument(...given, '--rho', '0', '--seed', '7', '--uniform-blends', '5')
    ])
    const mostDiverse = loose.ranges.reduce((a, b) => (b.diversity > a.diversity ? b : a))
    expect(loose.selected).toEqual({ start: mostDiverse.start, end: mostDiverse.end })
    expect(loose.selection).toMatchObject({ rho: 0, minimumValidity: 0, bootstrap: { seed: 7 } })
    const blends = loose.uniformBlends.filter(isUniform)
    expect(blends.map(({ strength }) => strength)).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(loose.uniformBlends).toHaveLength(blends.length + DEPTH_RAMPS.length)
    expect(loose.ranges).toHaveLength(21)
    expect(strict.selection?.minimumValidity).toBe(strict.post.validity)
    expect(strict.selected === null).toBe(strict.selection?.reason !== null)
    expect(strict.rendering).toEqual({
      ...{ systemPrompt: 'Be brief.', templateArguments: {}, date: '2026-02-03' },
      ...{ assistantPrefix: 'Answer: ', countLeadingSpace: true }
    })
    expect(strict.prompts[0]?.rendered).toMatch(/Be brief\.[^]*Pick a letter\.[^]*Answer: $/)
  })
})

describe('slr sweep --project', () => {
  it("uses the project's pair, prompts and settings, and saves the sweep in it", async () => {
    const path = await demoProject()
    const document = await sweptDocument('--project', path)
    expect(document.prompts.map(({ text }) => text)).toEqual(SHORT_PROMPTS.map(({ text }) => text))
    expect(document.rendering.systemPrompt).toBe('Be brief.')
    expect(document.selection?.rho).toBe(0.5)
    const project = await openProject(path)
    expect(project.firstPair.sweeps.map(({ id }) => id)).toEqual([document.id])
    expect(await project.firstPair.readSweep(document.id)).toEqual(document)
    await project.close()
  })

  it("is scored by the project's task unless an option names another, and reports it", async () => {
    const path = await demoProject({ kind: 'folders', ...PAIR })
    const project = await openProject(path)
    await project.firstPair.update({
      settings: {
        scoredBy: { kind: 'task', taskId: 'demo-facts', sampling: PAPER_SAMPLING, draws: 4, split: true },
        uniformBlendCount: 0
      }
    })
    await project.close()
    const scored = async (...args: string[]): Promise<[SweepDocument, string]> => {
      const { stdout, stderr } = await runHere(['sweep', '--no-check', '--project', path, ...args, '--json'])
      return [SweepDocument.parse(JSON.parse(stdout)), stderr]
    }
    const [chosen, said] = await scored('--draws', '3')
    expect(chosen.scoredBy).toMatchObject({ kind: 'task', task: { id: 'demo-facts' }, draws: 3 })
    expect(chosen.holdOutSplit?.selection).toHaveLength(Math.ceil(chosen.prompts.length / 2))
    expect(said).toMatch(
      /^Scored by listed answers of the task ".*", exact, temperature 1, min-p 0\.1, 3 draws, as set in the project/
    )
    const [other, silent] = await scored('--task', 'crc', '--count-leading-space')
    expect([other.scoredBy, other.holdOutSplit]).toEqual([{ kind: 'crc' }, null])
    expect(silent).not.toContain('Scored by')
    const { status, stderr } = await slr`sweep --no-check --project ${path} --count-leading-space`
    expect(status).toBe(2)
    expect(stderr).toMatch(/--count-leading-space applies to the character task/)
  })

  it('refuses another pair than that of the project', async () => {
    const path = await demoProject({ kind: 'folders', ...PAIR })
    const { base } = PAIR
    const { status, stderr } = await slr`sweep --no-check --base ${base} --post ${base} --project ${path}`
    expect(status).toBe(1)
    expect(stderr).toMatch(/^slr: The project .* as post, not /)
  })
})

describe('slr sweep that is cut short', () => {
  interface CutShort {
    status: number | null
    said: string
    /** The command that ran. */
    args: readonly string[]
    /** Beside its output, which was not written. */
    left: string[]
  }

  /** Ends one by a signal, in the middle: no engine is left and no result. */
  async function cutShort(
    signal: NodeJS.Signals,
    where: readonly string[],
    when: (child: CliProcess, out: string) => Promise<unknown>
  ): Promise<CutShort> {
    const folder = await temporaryFolder()
    const out = join(folder, "it's.json")
    const args = ['sweep', '--no-check', ...where, '--prompts', await longPrompts(), '--out', out]
    const child = startCli(args)
    const ended = exitStatus(child)
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (more: string) => (said += more))
    await when(child, out)
    const engines = await childrenOf(child.pid)
    expect(engines).not.toHaveLength(0)
    const killedMs = performance.now()
    child.kill(signal)
    const status = await ended
    // The sweep itself would take minutes.
    expect(performance.now() - killedMs).toBeLessThan(30_000)
    await untilGone(engines)
    const left = await readdir(folder)
    expect(left).not.toContain("it's.json")
    expect(child.stdout.read()).toBeNull()
    return { status, said, args, left }
  }

  it('ends cleanly on SIGINT: no engine left, nothing written or locked, its own exit status', async () => {
    const path = await demoProject()
    const { status, said, left } = await cutShort('SIGINT', ['--project', path], (child) =>
      waitForOutput(child.stderr, /% {2}sweeping/)
    )
    expect({ status, left }).toEqual({ status: 130, left: [] })
    const project = await openProject(path)
    expect(project.firstPair.sweeps).toEqual([])
    await project.close()
    expect(said).toMatch(/Stopped\. (The first part was not finished, so nothing is saved|.* are saved in .*)\.\n/)
  })

  it('ends as cleanly on SIGTERM, and names what is kept and the command that continues', async () => {
    // A small memory limit divides the prompts into many groups.
    const where = ['--blend-demo', '--memory', '216MB', '--fresh']
    const { status, said, args, left } = await cutShort('SIGTERM', where, async (child, out) => {
      while (!existsSync(`${out}.partial`) && child.exitCode === null) await delay(5)
    })
    expect({ status, left }).toEqual({ status: 143, left: ["it's.json.partial"] })
    const [, kept, place] = /Stopped\. (.*) are saved in (.*)\.\n/.exec(said) ?? []
    expect(place).toBe(`${args.at(-1)}.partial`)
    expect(kept).toMatch(
      /^([1-9]\d* of 120 prompts)?(, and )?([1-9]\d* of 80 models on the \w+ of \d+ groups of prompts)?$/
    )
    const again = args.filter((arg) => arg !== '--fresh').slice(0, -1)
    const quoted = args.at(-1)?.replace("'", "'\\''")
    expect(said).toContain(`Resume: slr ${again.join(' ')} '${quoted}'\n`)
  })

  it('does not mind a reader of its output that goes away', async () => {
    // Enough that a pipe does not hold the result.
    const prompts = await jsonFile('prompts.json', await demoPrompts(2))
    const child = startCli(['sweep', '--no-check', ...PAIR_OPTIONS, '--prompts', prompts, '--json'])
    const ended = exitStatus(child)
    const [firstPart] = await once(child.stdout, 'data')
    child.stdout.destroy()
    expect(String(firstPart)).toMatch(/^\{\n/)
    expect(await ended).toBe(0)
  })
})
