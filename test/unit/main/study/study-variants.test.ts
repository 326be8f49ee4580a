import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { OPEN_SAMPLING } from '../../../../src/contract/model/sampling'
import { openPair } from '../../../../src/main/checkpoint/pair'
import { resourcePath } from '../../../../src/main/base/resources'
import { Study } from '../../../../src/main/study/study-file'
import { omittedVariants, studyVariants } from '../../../../src/main/study/study-variants'

const PLACE = {
  folder: '/nowhere',
  folders: { base: resourcePath('blend-pair', 'base'), post: resourcePath('blend-pair', 'post') },
  checkpoints: []
}

/** Returns the variants of the entries and samplers of a file. */
async function variantsOf(variants: unknown[], samplers?: unknown[], folder = PLACE.folder) {
  const study = Study.parse({ name: 's', pairs: ['demo'], variants, ...(samplers && { samplers }) })
  return studyVariants(study.variants, study.samplers, OPEN_SAMPLING, { ...PLACE, folder }, null)
}

describe('the variants of a study', () => {
  it('are each model once, under an automatic or a given name', async () => {
    const made = await variantsOf([
      'post',
      { restore: '4-11' },
      { restore: '4-11', name: 'again' },
      { blend: 0.5, name: 'half' },
      { model: 'post', name: 'as it is' },
      { baseline: 'mix:0.5' },
      { restore: 3, name: 'half' },
      { model: 'post', prefix: 'Five of them: ', listed: 5 }
    ])
    const names = made.map(({ variant }) => variant.name)
    expect(names).toEqual(['post', '4-11', 'half', 'mix:0.5', 'half (2)', 'post (2)'])
    const variant = { kind: 'post', name: 'post (2)' }
    expect(made.at(-1)).toEqual({ variant, prefix: 'Five of them: ', listed: 5 })
    expect(made[2]?.variant).toMatchObject({ kind: 'recipe', recipe: { name: 'half' } })
  })

  it('restore layers of other checkpoints, as these are now, relative to the folder of the study', async () => {
    const { base, post } = PLACE.folders
    const restored = async (restore: string) =>
      (await variantsOf([{ restore }], undefined, join(post, '..')))[0]?.variant
    const { fingerprint } = (await openPair(base, post)).base.checkpoint
    const source = { name: 'base', path: base, fingerprint }
    const layers: object[] = new Array(12).fill({ attention: 0, mlp: 0 })
    layers.fill({ attention: 1, mlp: 1, source }, 3, 6)[9] = { attention: 1, mlp: 1 }
    const name = '3-5@base,9'
    expect(await restored('3-5@base,9')).toEqual({ kind: 'recipe', name, recipe: { name, layers } })
    await expect(restored('3-5@base,5')).rejects.toThrow('no layer twice')
    await expect(restored('3-5@nowhere')).rejects.toThrow(/nowhere/)
  })

  it('have each sampler after the first, which is that of the task, except variants with a sampler', async () => {
    const samplers = [{ temperature: 1, 'min-p': 0.1 }, { temperature: 1.5 }]
    const made = await variantsOf(['post', { baseline: 'sampler:3,0.1' }], samplers)
    const under = made.map(({ variant, sampling }) => [variant.name, sampling?.temperature, sampling?.minP])
    expect(under).toEqual([
      ['post', undefined, undefined],
      ['sampler:3,0.1', undefined, undefined],
      ['post, temperature 1.5', 1.5, 0]
    ])
  })
})

it('says of each variant that a sweep has nothing for why it is left out', () => {
  const asked = { variants: ['post', 'selected', 'baselines'], sweep: {} }
  const { variants } = Study.parse({ name: 's', pairs: ['demo'], ...asked })
  const found = { sweep: { layerCount: 12, source: null, selection: null }, selection: null }
  expect(omittedVariants(variants, found)).toEqual([
    'The variant selected is left out: the sweep selects no range.',
    'The variant baselines is left out: the sweep selects no range.'
  ])
})
