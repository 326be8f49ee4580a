import { isDeepStrictEqual } from 'node:util'
import { checkOf } from '../../contract/documents/answer-check'
import type { CategoryScore, SweepDocument } from '../../contract/documents/crc'
import { recipeStrengths } from '../../contract/model/strengths'
import type { Project } from '../project/project'
import type { CardScores } from './model-card'
import type { PreparedExport } from './prepare'

/** Sweeps are large; what was measured long before was replaced since. */
const NEWEST_SWEEPS = 3

/** The scores of a recipe in a project's newest sweeps of these very checkpoints; null when none has it. */
export async function knownScores(project: Project, prepared: PreparedExport): Promise<CardScores | null> {
  for (const { id } of project.sweeps.slice(0, NEWEST_SWEEPS)) {
    const sweep = await project.readSweep(id)
    const recipe = scoreOf(sweep, prepared)
    if (recipe === null) continue
    const check = await project.readAnswerCheck(id)
    const checked = checkOf(check, prepared.strengths)
    const whole = check === null || checked === null ? null : { recipe: checked, post: check.post }
    return { recipe, post: sweep.post, base: sweep.base, promptCount: sweep.prompts.length, whole }
  }
  return null
}

function scoreOf(sweep: SweepDocument, { pair, strengths }: PreparedExport): CategoryScore | null {
  const { base, post } = pair
  const same =
    sweep.basePath.fingerprint === base.checkpoint.fingerprint &&
    sweep.postPath.fingerprint === post.checkpoint.fingerprint
  if (!same) return null
  const { layerCount } = post.spec
  const restored = strengths.flatMap(({ attention }, layer) => (attention > 0 ? [layer] : []))
  const [start, end] = [restored[0], restored.at(-1)]
  const candidates = [
    ...sweep.recipes,
    ...sweep.ranges
      .filter((range) => range.start === start && range.end === end)
      .map((range) => ({
        ...range,
        recipe: { name: 'range', ranges: [[range.start, range.end] satisfies [number, number]] }
      }))
  ]
  return (
    candidates.find(({ recipe }) => isDeepStrictEqual(recipeStrengths(recipe, layerCount), [...strengths])) ??
    null
  )
}
