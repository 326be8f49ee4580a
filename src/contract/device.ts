import { z } from 'zod'

/** Where blocks are computed. */
export const DeviceName = z.enum(['cpu', 'webgpu'])
export type DeviceName = z.infer<typeof DeviceName>

/** In what the large matrix products are computed. Norms, residuals and attention are float32 always. */
export const Precision = z.enum(['fp32', 'fp16'])
export type Precision = z.infer<typeof Precision>
