import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRouterClient } from '@orpc/server'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { DEFAULT_RENDERING, SweepDocument } from '../../../src/contract/documents/crc'
import type { OtherCheckpoint } from '../../../src/contract/model/checkpoint'
import { EvaluationView } from '../../../src/contract/documents/evaluation'
import { type Variant } from '../../../src/contract/documents/samples'
import { builtinPromptSet } from '../../../src/main/crc/task/builtin-prompts'
import { prepareSweep } from '../../../src/main/crc/sweep/prepare-sweep'
import { openCheckpoint } from '../../../src/main/checkpoint/checkpoint'
import { openPair } from '../../../src/main/checkpoint/pair'
import { createEngineHost } from '../../../src/main/engine/host'
import { createProject } from '../../../src/main/project/create-project'
import { resourcePath } from '../../../src/main/base/resources'
import { createWorkbench } from '../../../src/main/workbench/router'
import { prepareSampleRun } from '../../../src/main/samples/prepare-run'
import { conditionOf, excludedCheckpoints, usableCheckpoints } from '../../../src/renderer/recipes/other-checkpoints'
import { temporaryFolder } from '../../fixtures/checkpoint-builder'
import { runHere, slr } from '../../fixtures/command-line'
import { exportRecipe } from '../../fixtures/exported-pair'
import { goldenPath } from '../../fixtures/goldens'
import { questionsFile } from '../../fixtures/open-questions'
import { problemOf } from '../../fixtures/problems'
import { SAMPLE_SETTINGS } from '../../fixtures/sample-documents'
import { demoSweep } from '../../fixtures/swept-demo'

/** Exports the demo pair with layers 4-11 restored, and opens the export beside the pair. */

const PAIR = { base: resourcePath('blend-pair', 'base'), post: resourcePath('blend-pair', 'post') }
let folder: string
let restored: string
let reference: OtherCheckpoint

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slr-checkpoint-'))
  vi.stubEnv('SLR_CONFIG_DIR', join(folder, 'config'))
  restored = join(folder, 'restored')
  await exportRecipe(PAIR, { name: 'Layers 4–11', ranges: [[4, 11]] }, restored)
  const { fingerprint } = await openCheckpoint(restored)
  reference = { name: 'restored', path: restored, fingerprint }
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

/** A project on the demo pair, with the given checkpoints. */
async function demoProject(otherCheckpoints: OtherCheckpoint[] = []): Promise<{ path: string }> {
  const folder = await temporaryFolder()
  const prompts = await builtinPromptSet('demo-crc')
  const project = await createProject({ folder, name: 'P', pair: { kind: 'demo', pair: 'blend' }, prompts })
  for (const [place, checkpoint] of otherCheckpoints.entries()) {
    // As it is stored: some lie where nothing is.
    await project.firstPair.edit(({ otherCheckpoints: others, nextMark }) => ({
      otherCheckpoints: [...others, { ...checkpoint, id: `c-${place}`, mark: nextMark }],
      nextMark: nextMark + 1
    }))
  }
  await project.close()
  return { path: project.path }
}

function openWorkbench() {
  const initial = { project: null }
  const { router, close } = createWorkbench({ engine: createEngineHost(), entry: 'browser', initial })
  return { client: createRouterClient(router), close }
}

/** A copy of the restored folder whose tokenizer splits the chat template otherwise. */
async function foreignTokenizer(): Promise<string> {
  const folder = join(await temporaryFolder(), 'foreign')
  await cp(restored, folder, { recursive: true })
  const file = join(folder, 'tokenizer.json')
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll('<|assistant|>', '<|reply|>'))
  return folder
}

describe('slr with another checkpoint', () => {
  it('sweeps it with no more work than its recipe, and to the same scores', async () => {
    const prompts = join(await temporaryFolder(), 'prompts.json')
    await writeFile(prompts, JSON.stringify((await builtinPromptSet('demo-crc')).slice(0, 4)))
    const { status, stdout, stderr } =
      await slr`sweep --no-check --blend-demo --prompts ${prompts} --json --quiet --checkpoint ${restored}`
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const { checkpoints, ranges, work, notices } = SweepDocument.parse(JSON.parse(stdout))
    const [scored] = checkpoints
    const recipe = ranges.find(({ start, end }) => start === 4 && end === 11)
    expect(scored).toMatchObject(reference)
    expect(scored?.diversity).toBe(recipe?.diversity)
    expect(scored?.prompts).toEqual(recipe?.prompts)
    // All ranges and post, and base: the checkpoint is made of blocks that are there.
    expect(work.blockEvaluations).toBe(388)
    expect(notices).toEqual([])
  })

  it("evaluates a project's own by name, and those it keeps when no variant is named", async () => {
    const { path } = await demoProject([reference])
    const file = await questionsFile(await temporaryFolder(), 1, 2)
    const evaluated = async (...args: string[]): Promise<string[]> => {
      const asked = ['--project', path, '--task', file, '--json', '--quiet']
      const { status, stdout } = await runHere(['evaluate', ...asked, ...args])
      expect(status).toBe(0)
      const { run, complete } = EvaluationView.parse(JSON.parse(stdout))
      expect(complete).toBe(true)
      return run.variants.map(({ variant }) => `${variant.kind} ${variant.name}`)
    }
    expect(await evaluated('restored')).toEqual(['checkpoint restored'])
    expect(await evaluated()).toEqual(['base base', 'post post', 'checkpoint restored'])
  })
})

describe('another checkpoint with other tokens than post', () => {
  const settings = { ...SAMPLE_SETTINGS, maxTokens: 8, sampleCount: 1 }
  const preparedSweep = async (checkpoints: OtherCheckpoint[]) =>
    prepareSweep(await demoSweep({ ranges: false, checkpoints }), await openPair(PAIR.base, PAIR.post))

  it('is refused by name as a variant, and left out of a sweep with the reason', async () => {
    const path = await foreignTokenizer()
    const variant: Variant = { kind: 'checkpoint', ...reference, path }
    const prompts = [{ text: 'Name a colour.', category: '', raw: false }]
    const run = { ...PAIR, prompts, rendering: DEFAULT_RENDERING, settings, variants: [variant] }
    expect(await problemOf(prepareSampleRun(run))).toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(
        /variant "restored" cannot be sampled.*other tokens under "restored"'s own tokenizer/
      )
    })
    const { models, notices } = await preparedSweep([{ ...reference, path }])
    expect(models.map(({ kind }) => kind)).toEqual(['post', 'base'])
    expect(notices).toEqual([
      expect.stringMatching(/^"restored" cannot be compared as a whole model: Prompt 1 .* own tokenizer/)
    ])
  })

  it('keeps no sweep from running when it has changed or is gone', async () => {
    const { models, notices } = await preparedSweep([
      { ...reference, name: 'changed', fingerprint: 'of another day' },
      { ...reference, name: 'gone', path: '/nowhere/at/all' },
      reference
    ])
    expect(models.map(({ kind }) => kind)).toEqual(['post', 'base', 'checkpoint'])
    expect(notices).toEqual([
      expect.stringMatching(/^"changed" is left out\. .*is no longer the checkpoint/),
      expect.stringMatching(/^"gone" is left out\. .*\/nowhere\/at\/all/)
    ])
  })
})

describe("a project's other checkpoints", () => {
  it('are looked at when the project is opened: as they were, changed, unfit or gone', async () => {
    const moved = join(await temporaryFolder(), 'moved')
    await cp(restored, moved, { recursive: true })
    const unfit = goldenPath('qwen3', 'post-bf16')
    const { path } = await demoProject([
      reference,
      { name: 'changed', path: restored, fingerprint: 'of another day' },
      { name: 'unfit', path: unfit, fingerprint: 'x' },
      { name: 'moved', path: moved, fingerprint: reference.fingerprint }
    ])
    await rename(moved, `${moved}-away`)
    const { client, close } = openWorkbench()
    const state = await client.projects.open({ path })
    const conditions = state.document.otherCheckpoints.map((checkpoint, index) =>
      conditionOf(checkpoint, state.otherCheckpoints[index])
    )
    expect(conditions).toEqual(['usable', 'changed', 'unfit', 'unreadable'])
    expect(state.otherCheckpoints[2]?.report?.findings[0]).toMatchObject({ severity: 'error' })
    expect(state.otherCheckpoints[3]?.problem?.message).toContain(moved)
    expect(usableCheckpoints(state)).toEqual([{ ...reference, id: 'c-0', mark: 0 }])
    expect(excludedCheckpoints(state).map(({ checkpoint, why }) => `${checkpoint.name}: ${why}`)).toEqual([
      'changed: its files changed since it was added',
      'unfit: does not fit the pair',
      'moved: cannot be read'
    ])

    // Relocated to where it is now, it is the same checkpoint.
    const after = await client.checkpoints.relocate({
      path,
      pair: 'pair-1',
      id: 'c-3',
      folder: `${moved}-away`
    })
    expect(usableCheckpoints(after)).toMatchObject([{ id: 'c-0' }, { id: 'c-3', path: `${moved}-away` }])
    await close()
  })

  it("say what is noteworthy: the tokenizer is not post's, or it is the same as a member of the pair", async () => {
    const { path } = await demoProject()
    const { client, close } = openWorkbench()
    const findings = async (folder: string): Promise<string[]> =>
      (await client.pair.inspectOther({ path, pair: 'pair-1', folder })).findings.map(({ message }) => message)
    expect(await findings(restored)).toEqual([])
    expect(await findings(PAIR.post)).toEqual(['It looks like the same checkpoint as post.'])
    expect(await findings(await foreignTokenizer())).toEqual([
      expect.stringMatching(/^Its tokenizer\.json is not post's/)
    ])
    await close()
  })
})
