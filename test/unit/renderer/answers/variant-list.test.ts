import { describe, expect, it } from 'vitest'
import type { PairDocument, ProjectState } from '../../../../src/contract/documents/project'
import { NO_VARIANT_CHANGES, VariantSelection } from '../../../../src/contract/documents/variant-selection'
import { elementAt } from '../../../../src/contract/model/look-up'
import { summarizeSweep } from '../../../../src/main/project/documents/sweep-files'
import type { VariantList, VariantStep } from '../../../../src/renderer/answers/variant-list.svelte'
import type { Session } from '../../../../src/renderer/app/session.svelte'
import { comparedSweep } from '../../../fixtures/compared-sweeps'
import { PAIR_REPORT, projectState, openSession, settled } from '../../../fixtures/scripted-line'

const MIX = { kind: 'baseline', name: 'half', baseline: { kind: 'mix', share: 0.5 } } as const
const FRAMED = { variant: { kind: 'post', name: 'asked politely' }, prefix: 'Please: ' } as const

const withVariants = (variants: VariantSelection, changes: Partial<ProjectState> = {}): ProjectState => {
  const state = projectState({ pair: PAIR_REPORT, ...changes })
  const document: PairDocument = { ...state.document, settings: { ...state.document.settings, variants } }
  return { ...state, document }
}

async function opened(state = projectState({ pair: PAIR_REPORT })) {
  const { line, session } = await openSession(state)
  return { line, session, variants: session.variants }
}

const chosen = (variants: VariantList, step: VariantStep): string[] =>
  step === 'samples' ? variants.sampled.map(({ name }) => name) : variants.evaluated.map(({ variant }) => variant.name)

const leaveLastOut = ({ variants }: Session): void =>
  variants.choose(elementAt(variants.options, variants.options.length - 1, 'option'), 'evaluate', false)

it('offers base after a few-shot prompt, which takes part only where it was chosen', async () => {
  const { variants } = await opened()
  const option = variants.options.find(({ entry }) => entry.variant.kind === 'few-shot')
  if (option === undefined) throw new Error('base after a few-shot prompt is not offered')
  expect(chosen(variants, 'samples')).toEqual(['base', 'post'])
  expect(chosen(variants, 'evaluate')).toEqual(['base', 'post'])
  variants.choose(option, 'evaluate', true)
  expect(chosen(variants, 'evaluate')).toEqual(['base', 'post', 'base:few-shot'])
})

describe('an added variant', () => {
  it('that was left out stays so under another name', async () => {
    const { session, variants } = await opened()
    variants.store(null, FRAMED)
    leaveLastOut(session)
    variants.store(0, { ...FRAMED, variant: { kind: 'post', name: 'asked nicely' } })
    expect(chosen(variants, 'evaluate')).toEqual(['base', 'post'])
  })

  it('takes part under the name of a removed one that was left out', async () => {
    const { session, variants } = await opened()
    variants.store(null, FRAMED)
    leaveLastOut(session)
    variants.remove(0)
    variants.store(null, FRAMED)
    expect(chosen(variants, 'evaluate')).toEqual(['base', 'post', 'asked politely'])
  })

  it('with other prompts does not replace the model that Samples needs', async () => {
    const { session, variants } = await opened()
    variants.store(null, { variant: MIX, prefix: 'Please: ' })
    leaveLastOut(session)
    variants.add([MIX], 'samples')
    expect(chosen(variants, 'samples')).toEqual(['base', 'post', 'half (2)'])
    expect(chosen(variants, 'evaluate')).toEqual(['base', 'post', 'half (2)'])
  })

  it('is listed once if a sweep offers the same baseline', async () => {
    const sweep = { ...summarizeSweep(comparedSweep(), null), baselines: [{ ...MIX.baseline }] }
    const { variants } = await opened(
      withVariants({ added: [{ variant: MIX }], leftOut: [], sampled: [] }, { sweeps: [sweep] })
    )
    expect(variants.options.filter(({ entry }) => entry.variant.kind === 'baseline')).toHaveLength(1)
    expect(chosen(variants, 'samples')).toContain('half')
    expect(chosen(variants, 'evaluate')).toContain('half')
  })
})

it('is saved at once and undone by main, and replaces what another window has stored meanwhile', async () => {
  const { line, session, variants } = await opened()
  variants.store(null, FRAMED)
  session.accept(withVariants({ ...NO_VARIANT_CHANGES, leftOut: ['base'] }, { revision: 2 }))
  const saved = VariantSelection.parse({ added: [FRAMED], leftOut: [], sampled: [] })
  await line.answer('pairs.update', 0, withVariants(saved, { revision: 3, change: 3 }))
  expect(chosen(variants, 'evaluate')).toEqual(['base', 'post', 'asked politely'])
  void session.history.undo()
  await settled()
  expect(line.call('projects.revert', 0).input).toMatchObject({ changes: [3] })
  await line.answer('projects.revert', 0, withVariants(NO_VARIANT_CHANGES, { revision: 4 }))
  expect(chosen(variants, 'evaluate')).toEqual(['base', 'post'])
})
