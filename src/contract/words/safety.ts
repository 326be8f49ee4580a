/** What restoring layers may take away beside the sameness of answers: on model cards, exports, reports and in the README. */
export const SAFETY_NOTE =
  'Restored layers are pre-trained weights: refusals and other safety training of the post-trained model may be weakened, which was not measured.'
