/** Warns of the safety training that restored layers may lose: on model cards, exports, reports and in the README. */
export const SAFETY_NOTE =
  'Restored layers are pre-trained weights. ' +
  'Refusals and other safety training of the post-trained model may be weakened. This was not measured.'
