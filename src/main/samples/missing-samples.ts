/** One answer: indices of its variant and prompt in the run, and its index among their answers. */
export interface SampleKey {
  variant: number
  prompt: number
  index: number
}

/** Answers firstIndex .. firstIndex + sampleCount - 1 of each of some variants to each of some prompts. */
export interface SampleBlock {
  variants: number[]
  prompts: number[]
  firstIndex: number
  sampleCount: number
}

/**
 * What is left to generate, as few blocks that hold every missing answer once and no stored one. All of a fresh run is
 * one block, and so are more answers for a finished one. Of a run that was stopped, the rest that nobody began is one
 * block; the answers then in flight make small ones.
 */
export function missingSamples(
  counts: { variants: number; prompts: number; samples: number },
  stored: Iterable<SampleKey>
): SampleBlock[] {
  const have = new Set(Array.from(stored, ({ variant, prompt, index }) => `${variant}/${prompt}/${index}`))
  const blocks: SampleBlock[] = []
  /** The last index's blocks, and which answers they are of. */
  let last: { cells: string; blocks: SampleBlock[] } = { cells: '', blocks: [] }
  for (let index = 0; index < counts.samples; index++) {
    const ofIndex = blocksOfIndex(index, counts, have)
    const cells = JSON.stringify(ofIndex.map(({ variants, prompts }) => [variants, prompts]))
    if (cells === last.cells) for (const block of last.blocks) block.sampleCount++
    else {
      blocks.push(...ofIndex)
      last = { cells, blocks: ofIndex }
    }
  }
  return blocks
}

/** What one index is missing: the variants that miss it for the same prompts make one block. */
function blocksOfIndex(
  index: number,
  counts: { variants: number; prompts: number },
  have: ReadonlySet<string>
): SampleBlock[] {
  const byPrompts = new Map<string, SampleBlock>()
  for (let variant = 0; variant < counts.variants; variant++) {
    const prompts = Array.from({ length: counts.prompts }, (_, prompt) => prompt).filter(
      (prompt) => !have.has(`${variant}/${prompt}/${index}`)
    )
    if (prompts.length === 0) continue
    const block = byPrompts.get(prompts.join())
    if (block === undefined) {
      byPrompts.set(prompts.join(), { variants: [variant], prompts, firstIndex: index, sampleCount: 1 })
    } else block.variants.push(variant)
  }
  return [...byPrompts.values()]
}
