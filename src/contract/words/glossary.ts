/** Terms of the method and their meaning, for the window, the command line, reports and docs. */
export const GLOSSARY = {
  base: 'The pre-trained model of the pair.',
  post: 'The post-trained model of the pair: helpful, and less diverse than base.',
  'restoration range':
    'Consecutive decoder layers with weights from base. All other weights are post’s. Layers are ' +
    'counted from 0, both ends included.',
  recipe:
    'The share of base, or of another checkpoint, that each layer takes. Attention, MLP and their ' +
    'components may differ. A range is a recipe, and so is a blend.',
  strength:
    'The share of base in a layer: 0 is post, 1 is base, and values between mix their weights. Values ' +
    'from -1 to 0 and 1 to 2 extrapolate.',
  blend: 'A recipe that gives all layers the same strength.',
  'uniform blends':
    'All layers blended alike, from post to base. The simplest alternative to a range (the paper\'s "soup").',
  checkpoint: 'Another model of the pair’s architecture, such as a training stage. It is compared as a whole model.',
  variant: 'A model and sampler that answer prompts: base, post, a recipe, a checkpoint or a baseline.',
  sweep:
    'All restoration ranges scored on the same prompts, by the character task or a task with listed ' +
    'answers. A full sweep scores all of them exactly, a preview only some.',
  CRC: 'Constrained Random Character, the character task. A prompt asks for one random character of a given set.',
  validity: 'The probability of an allowed answer, as a mean over prompts and then over categories.',
  diversity: 'The entropy of the allowed answers as a share of its maximum: 1 is uniform, 0 is always the same.',
  'effective choices': 'The number of equally likely answers with the same diversity: exp of the entropy.',
  precision: 'For a task with listed answers: the probability of a right answer, complete to its end.',
  coverage: 'For a task with listed answers: the share of right answers that are expected in the draws shown.',
  'effective answers': 'The number of equally likely right answers with the same diversity: exp of their entropy.',
  baseline:
    'A simpler way to diverse answers: another sampler for post, mixed logits, base filtered by post, ' +
    'or a blend of all layers. A family is one kind of baseline with all its settings.',
  'first token': 'The token that begins an answer. A sweep of the character task scores its distribution.',
  'full answer':
    'The first token and all that follows. A valid first token may begin an invalid answer. The ' +
    'full-answer check covers the character task only; evaluate other tasks.',
  limit: 'The validity, or precision, that a range must keep: ρ times post’s. ρ is 0.9 by default.',
  gain: 'Diversity, or coverage, minus post’s.',
  front:
    'The models that no other model beats in both measures of a score. Ranges that fail the check are ' + 'left out.',
  resample:
    'The prompts drawn again at random, with repeats. It shows how much a result depends on the prompts. ' +
    'Out of bag: scored only on the prompts that a resample left out.',
  'share of wins':
    'The share of resamples that select a range. Results of the full-answer check stay the same in ' +
    'every resample.',
  'near-equal ranges':
    'Neighbouring ranges that share the wins. The place to restore is clear, the exact edges are not.',
  interval: 'The range of 95 % of the resamples. It holds for other prompts of the same kind, not for other tasks.',
  'cross-fitted':
    'Selected on one half of the prompts and scored on the other. Picking the best of many is then ' +
    'not rewarded. Unseen prompts are those of the other half.',
  'min-p': 'A sampler that omits tokens less likely than this share of the likeliest.',
  judge:
    'Another model that scores answers, compares them or names their meaning. Its opinions are shown ' +
    'apart from measures.'
} as const

export type Term = keyof typeof GLOSSARY
