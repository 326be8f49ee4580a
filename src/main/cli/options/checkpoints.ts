import { texts } from './option-kinds'

export const checkpointOption = texts(
  '<folder>',
  "another checkpoint of the pair's architecture, as a whole; repeatable"
)
