/** The words of the method, one for each thing: what window, command line, reports and docs mean by them. */
export const GLOSSARY = {
  base: 'The pre-trained model of the pair.',
  post: 'The post-trained model of the pair: helpful, and less diverse than base.',
  'restoration range':
    'Consecutive decoder layers, counted from 0 and both ends included, whose weights are base’s; the rest of the model is post’s.',
  recipe:
    'How much of its source, base or another checkpoint, each layer takes, attention and MLP, or their components, apart. A restoration range is a recipe, and so is a blend.',
  strength:
    'How much of base a layer takes: 0 is post, 1 is base, between are their weights mixed, below and above (from -1 to 2) they are extrapolated.',
  blend: 'The recipe that gives all layers the same strength.',
  'uniform blends':
    'All layers blended alike, from post to base: the simplest alternative to a range (the paper\'s "soup").',
  checkpoint:
    'Another model of the pair’s architecture, such as a stage of its training, compared as a whole.',
  variant: 'A model that answers prompts, with a sampler: base, post, a recipe, a checkpoint or a baseline.',
  sweep:
    'All restoration ranges scored on the same prompts, exactly and in one pass: by the character task, or by a task with listed answers.',
  CRC: 'Constrained Random Character, the character task: a prompt asks for one random character of a given set.',
  validity:
    'The probability that an answer is allowed by its prompt, mean over prompts and then over categories.',
  diversity:
    'How evenly the allowed answers are given: their entropy as a share of the greatest there can be. 1 is uniform, 0 is always the same.',
  'effective choices': 'How many equally likely answers would be as diverse: exp of the entropy.',
  precision:
    'Of a task with listed answers: the probability that an answer is one of the right ones, whole and to its end.',
  coverage:
    'Of a task with listed answers: how many of the right ones are expected in the draws shown, as a share of all.',
  'effective answers':
    'How many equally likely right answers would be as diverse: exp of the entropy of the right ones.',
  baseline:
    'A simpler way to more diverse answers: post under another sampler, logits of base and post mixed, base filtered by post, or a uniform blend of all layers.',
  'first token':
    'What a sweep of the character task reads: the distribution of the token that begins the answer.',
  'whole answer':
    'The first token and what follows, to the end: a valid first token may begin an invalid answer. The full-answer check scores ranges and baselines on them, of the character task only: evaluate other tasks.',
  limit:
    'The validity, or precision, that a range must keep: ρ times post’s, with ρ 0.9 unless set otherwise.',
  gain: 'Diversity, or coverage, less post’s.',
  front:
    'The models that no other beats in both measures of a score. Ranges that a check has thrown out are not among them.',
  resample:
    'The prompts drawn again at random, with repeats: how much a result changes then shows how much it depends on which prompts were asked.',
  'share of wins':
    'In how many of the resamples a range is the one selected. What a check of whole answers found is not drawn again: a range that passed stays in every resample, one that failed is in none.',
  family: 'Neighbouring ranges that share the wins: where to restore is clear then, the exact edges are not.',
  interval:
    'Where 95 % of the resamples lie; it speaks of other prompts of the same kind, not of other tasks.',
  'cross-fitted':
    'Selected on one half of the prompts and scored on the other, so that picking the best of many is not rewarded. Unseen prompts are those of the other half.',
  'min-p': 'A sampler that leaves out tokens less likely than this share of the likeliest.',
  judge:
    'Another model that marks answers, compares them, or says what they mean; what it says is opinion, and is shown apart from what is measured.'
} as const

export type Term = keyof typeof GLOSSARY
