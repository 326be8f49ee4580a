import { answeringFirst } from '../../contract/documents/answering-sweep'
import { checkOf } from '../../contract/documents/answer-check'
import type { SweepDocument } from '../../contract/documents/crc'
import { scoreIn } from '../../contract/documents/swept-model'
import { layersModel } from '../../contract/model/model'
import type { ProjectPair } from '../project/project-pair'
import type { CardScores } from './model-card'
import type { PreparedExport } from './prepare'

/** Sweeps are large; what was measured long before was replaced since. */
const NEWEST_SWEEPS = 3

/** The scores of a recipe in a project's newest sweeps of these very checkpoints; null when none has it. */
export async function knownScores(own: ProjectPair, prepared: PreparedExport): Promise<CardScores | null> {
  const model = layersModel(prepared.strengths)
  // A model card tells of the character task.
  const sweeps = answeringFirst(own.sweeps.filter(({ scoredBy }) => scoredBy.kind === 'crc'))
  for (const { id } of sweeps.slice(0, NEWEST_SWEEPS)) {
    const sweep = await own.readSweep(id)
    const recipe = isOfSame(sweep, prepared) ? scoreIn(sweep, model) : null
    if (recipe === null) continue
    const check = await own.readAnswerCheck(id)
    const checked = checkOf(check, model)
    const whole = check === null || checked === null ? null : { recipe: checked, post: check.post }
    return { recipe, post: sweep.post, base: sweep.base, promptCount: sweep.prompts.length, whole }
  }
  return null
}

const isOfSame = ({ basePath, postPath }: SweepDocument, { pair: { base, post } }: PreparedExport): boolean =>
  basePath.fingerprint === base.checkpoint.fingerprint && postPath.fingerprint === post.checkpoint.fingerprint
