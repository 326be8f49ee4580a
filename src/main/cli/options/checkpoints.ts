import { texts } from './option-kinds'

/** Another checkpoint as a whole; repeatable. */
export const checkpointOption = texts(
  '<folder>',
  "another checkpoint of the pair's architecture, as a whole; repeatable"
)
